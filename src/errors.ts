/**
 * Declares the four kinds of failure that are not bugs, each for the reader who can act on it.
 * Messages are sent unchanged, so they contain no secret, no address list and no text of a mail server; `cause` is only logged.
 */

/** An error that the caller (a model) can fix: says what was wrong and what to call next. */
export class ToolError extends Error {
  override name = 'ToolError';
  /** The facts of the message as structured data. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(sentence: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(sentence, { cause: options.cause });
    this.details = options.details;
  }
}

/** Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 8707 §2. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata';

/** Where the browser is sent with an authorization error, and the state that is returned with it. */
export interface ErrorRedirect {
  uri: string;
  state: string | undefined;
  /** Redirect only after the account owner has confirmed it: the operator has not minted the client (RFC 9700 §4.11.2). */
  needsConfirmation?: boolean;
}

/** An OAuth error response (RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1). The message is sent; `cause` is only logged. */
export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly code: OAuthErrorCode;
  /** Set only after client_id and redirect_uri were verified. Absent: show the error on a page, never redirect. */
  readonly redirect: ErrorRedirect | undefined;
  /** With `insufficient_scope`: all scopes that the call requires (RFC 6750 §3). */
  readonly scope: string | undefined;
  /** With `temporarily_unavailable`: seconds until a retry (RFC 9110 §10.2.3), and 429 for too many requests (RFC 6585 §4) or 503. */
  readonly wait: { status: 429 | 503; seconds: number } | undefined;
  /** The status of the response, if another one says more than that of the code: 408 for a body that does not arrive (RFC 9110 §15.5.9). */
  readonly status: number | undefined;

  constructor(
    code: OAuthErrorCode,
    description: string,
    options: {
      cause?: unknown;
      redirect?: ErrorRedirect;
      scope?: string;
      wait?: { status: 429 | 503; seconds: number };
      status?: number;
    } = {},
  ) {
    super(description, { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.redirect = options.redirect;
    this.scope = options.scope;
    this.wait = options.wait;
  }
}

/**
 * Why a request to an upstream service failed.
 * `credentials`: it refused the credentials. `unreachable`: no connection, or a lost one. `certificate`: its certificate is not trusted.
 * `timeout`: no answer within the limit. `refused`: it refused the request. `unknown_outcome`: a write may or may not have happened.
 */
export type UpstreamFault = 'credentials' | 'unreachable' | 'certificate' | 'timeout' | 'refused' | 'unknown_outcome';

/** An upstream service refused a request or did not answer. `message` is a sentence for the caller; `cause` is only logged. */
export class UpstreamError extends Error {
  override name = 'UpstreamError';
  readonly service: 'IMAP' | 'SMTP' | 'Provider' | 'S3' | 'Redis' | 'Missive';
  readonly fault: UpstreamFault;
  /** Response code of the service, if it sent one: `OVERQUOTA` (RFC 5530), `550`, `SlowDown`. Never its text. */
  readonly code: string | undefined;

  constructor(
    service: UpstreamError['service'],
    fault: UpstreamFault,
    sentence: string,
    options: { cause?: unknown; code?: string | undefined } = {},
  ) {
    super(sentence, { cause: options.cause });
    this.service = service;
    this.fault = fault;
    this.code = options.code;
  }
}

/** Code of the fault of a call whose login is in a state that cannot be reached: the call was not begun, and is answered with 503. */
export const STORED_LOGIN_UNREACHABLE = 'STORED_LOGIN';

/** A configuration that the operator must correct; lists every fault, one per line, never a value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
