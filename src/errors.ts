/**
 * The four kinds of failure that are not bugs, each with the reader who can act on it.
 * Messages are sent as they stand, so they carry no secret, no address list and no text of a mail server; `cause` is only logged.
 */

/** The caller (a model) can fix it: says what was wrong and what to call next. */
export class ToolError extends Error {
  override name = 'ToolError';
  /** The same for programs, beside the sentence. */
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

/** Where an authorization error goes, and the state that goes with it. */
export interface ErrorRedirect {
  uri: string;
  state: string | undefined;
  /** Not before the person has seen where to: nobody vouches for the client, and they have done nothing yet (RFC 9700 §4.11.2). */
  afterAsking?: boolean;
}

/** An OAuth error response (RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1). The message is sent; `cause` is only logged. */
export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly code: OAuthErrorCode;
  /** Set only after client_id and redirect_uri were checked. Absent: show the error here, never redirect. */
  readonly redirect: ErrorRedirect | undefined;
  /** With `insufficient_scope`: everything that the call needs (RFC 6750 §3). */
  readonly scope: string | undefined;
  /** With `temporarily_unavailable`: when to try again (RFC 9110 §10.2.3), and whether it was too often (RFC 6585 §4) or we cannot. */
  readonly wait: { status: 429 | 503; seconds: number } | undefined;

  constructor(
    code: OAuthErrorCode,
    description: string,
    options: {
      cause?: unknown;
      redirect?: ErrorRedirect;
      scope?: string;
      wait?: { status: 429 | 503; seconds: number };
    } = {},
  ) {
    super(description, { cause: options.cause });
    this.code = code;
    this.redirect = options.redirect;
    this.scope = options.scope;
    this.wait = options.wait;
  }
}

/**
 * What kept an upstream service from doing its part.
 * `credentials`: it refused the login. `unreachable`: no connection, or it was lost. `certificate`: TLS could not be trusted.
 * `timeout`: no answer within the limit. `refused`: it answered and said no. `unknown_outcome`: a write may or may not have happened.
 */
export type UpstreamFault = 'credentials' | 'unreachable' | 'certificate' | 'timeout' | 'refused' | 'unknown_outcome';

/** A service behind us (IMAP, SMTP, S3, Redis, Missive) refused or did not answer. `message` is a sentence for the caller; `cause` is only logged. */
export class UpstreamError extends Error {
  override name = 'UpstreamError';
  readonly service: 'IMAP' | 'SMTP' | 'S3' | 'Redis' | 'Missive';
  readonly fault: UpstreamFault;
  /** Response code of the service, where it gave one: `OVERQUOTA` (RFC 5530), `550`, `SlowDown`. Never its prose. */
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

/** The operator must act; lists every fault, one a line, never a value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
