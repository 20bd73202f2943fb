/** Turns failures that imapflow, Node and IMAP servers report into UpstreamError. Its message contains no text of a server. */
import { UpstreamError } from '../../errors.ts';
import { TOKEN_REFUSED } from '../access-tokens.ts';
import { type LoginRefusal, loginRefusalOf } from '../login-refusal.ts';
import { tokenErrorStatus } from '../sasl-token.ts';
import { type Item, isList, textOf } from './data-formats.ts';

/** Response codes for a wrong login (RFC 5530 §3). */
const CREDENTIAL_CODES = new Set(['AUTHENTICATIONFAILED', 'AUTHORIZATIONFAILED', 'EXPIRED']);

/** Response codes that do not depend on the password: the server accepts no login at the moment (RFC 5530 §3). */
const SERVICE_CODES = new Set([
  'UNAVAILABLE',
  'INUSE',
  'LIMIT',
  'SERVERBUG',
  'CONTACTADMIN',
  'PRIVACYREQUIRED',
  'OVERQUOTA',
]);

/** Codes of OpenSSL and Node for an invalid certificate: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `SELF_SIGNED_CERT_IN_CHAIN`, … */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)|HOSTNAME_MISMATCH|ERR_TLS_/;
const TIMEOUT_CODES = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT', 'ETIMEOUT', 'ETIMEDOUT']);
const TOO_LARGE_CODES = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge']);

/**
 * Texts of Gmail, Microsoft and Dovecot, which send no response code LIMIT. A match leads to the code LIMIT, for which the pool opens fewer
 * connections and tries again.
 */
const TOO_MANY_CONNECTIONS =
  /too many (?:simultaneous |concurrent )?(?:\w+ )?connections|connection limit|maximum number of connections/i;

/** The fault of a connection that failed before the login. */
export function connectFault(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const code = propertyOf(error, 'code') ?? '';
  const cause = error;
  if (TIMEOUT_CODES.has(code)) {
    return new UpstreamError('IMAP', 'timeout', 'The IMAP server did not answer in time.', { cause, code });
  }
  if (code === 'STARTTLS_INJECTION') return protocolFault(cause, code);
  if (propertyOf(error, 'tlsFailed') === 'true' && code === '') return noStartTlsFault(cause);
  if (CERTIFICATE_CODE.test(code)) {
    // phrase allowed: text that the caller sees
    const sentence = 'The certificate of the IMAP server is not valid for its name, or nobody trusted has signed it.';
    return new UpstreamError('IMAP', 'certificate', sentence, { cause, code });
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    const sentence = 'The IMAP server does not speak TLS on this port.';
    return new UpstreamError('IMAP', 'unreachable', sentence, { cause, code: 'TLS' });
  }
  const reason = propertyOf(error, 'reason');
  if (reason !== undefined && reason !== 'Server closed connection') return refusedConnectionFault(cause, reason);
  return new UpstreamError('IMAP', 'unreachable', 'The IMAP server could not be reached.', {
    cause,
    code: code || 'CONNECTION_LOST',
  });
}

/** The fault of a login that the server refused. */
export function loginFault(error: unknown): UpstreamError {
  const status = propertyOf(error, 'responseStatus');
  if (status === undefined) return connectFault(error);
  const code = responseCode(error);
  const prose = proseOf(error);
  if (TOO_MANY_CONNECTIONS.test(prose)) return refusedConnectionFault(error, prose);
  if (NOT_CONNECTED.test(prose)) return notConnectedFault(error);
  const refusal = loginRefusalOf(prose);
  if (refusal !== undefined) return explainedRefusalFault(refusal, error);
  const isService = code !== undefined && SERVICE_CODES.has(code);
  if (!isService && (status === 'NO' || (code !== undefined && CREDENTIAL_CODES.has(code)))) {
    return credentialsFault({ cause: error, code });
  }
  return new UpstreamError('IMAP', 'refused', 'The IMAP server accepts no login at the moment.', {
    cause: error,
    code,
  });
}

/** The fault of a login with an access token that failed. @param reason what the server has said of the token, in base64 */
export function tokenLoginFault(error: unknown, reason: string | undefined): UpstreamError {
  const fault = loginFault(error);
  // What servers write of passwords is not about tokens.
  const isPasswordReason = ['APP_PASSWORD', 'NO_PASSWORDS'].includes(fault.code ?? '');
  if (fault.fault !== 'credentials' && !isPasswordReason) return fault;
  const status = tokenErrorStatus(reason);
  const cause =
    status === undefined ? error : new Error(`the token was refused with the status ${status}`, { cause: error });
  const sentence = 'The IMAP server refused the access token of the provider.';
  return new UpstreamError('IMAP', 'credentials', sentence, { cause, code: TOKEN_REFUSED });
}

/** The server offers no way to log in with an access token. No credentials were sent. */
export function noTokenLoginFault(): UpstreamError {
  const sentence = 'The IMAP server takes no access tokens (OAUTHBEARER, XOAUTH2).';
  return new UpstreamError('IMAP', 'refused', sentence, { code: 'NO_TOKENS' });
}

function explainedRefusalFault(refusal: LoginRefusal, cause: unknown): UpstreamError {
  switch (refusal) {
    case 'app_password': {
      const sentence = 'The IMAP server wants an app password instead of the password of the account.';
      return new UpstreamError('IMAP', 'credentials', sentence, { cause, code: 'APP_PASSWORD' });
    }
    case 'no_passwords': {
      const sentence = 'The IMAP server takes no passwords from mail programs, and an app password does not help.';
      return new UpstreamError('IMAP', 'credentials', sentence, { cause, code: 'NO_PASSWORDS' });
    }
    case 'smtp_auth_off':
    case 'blocked': {
      const sentence =
        "The IMAP server refuses this login by a rule of the account's organization. Its administrator can allow it.";
      return new UpstreamError('IMAP', 'refused', sentence, { cause, code: 'BLOCKED' });
    }
  }
}

/** Words after BAD of servers that have examined the login. */
const EXAMINED = /\b(?:wrong|incorrect|invalid) (?:user|login|password|credential)|\bauthentication failed\b/i;

/**
 * True if a refusal means that the server does not know this way to log in, so that it has not examined the login: BAD, or NO before it has received
 * the password. An answer that gives another reason counts as examined.
 *
 * @param isSent whether the server has received the password
 */
export function isWayUnknown(error: unknown, isSent: boolean): boolean {
  const status = propertyOf(error, 'responseStatus');
  if (status !== 'BAD' && (status !== 'NO' || isSent)) return false;
  const code = responseCode(error) ?? '';
  const prose = proseOf(error);
  const isThrottled = propertyOf(error, 'code') === 'ETHROTTLE';
  return (
    !isThrottled &&
    !CREDENTIAL_CODES.has(code) &&
    !SERVICE_CODES.has(code) &&
    loginRefusalOf(prose) === undefined &&
    !TOO_MANY_CONNECTIONS.test(prose) &&
    !EXAMINED.test(prose)
  );
}

/**
 * The fault of a command that failed.
 *
 * @param command its name, for the sentence
 * @param ifLost set for a command that changes something: the sentence for an unknown outcome
 */
export function commandFault(error: unknown, command: string, ifLost: string | undefined): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const cause = error;
  const status = propertyOf(error, 'responseStatus');
  const code = propertyOf(error, 'code');
  if (status !== undefined) {
    const prose = propertyOf(error, 'responseText') ?? '';
    if (UNSAFE_LOGIN.test(prose)) return unsafeLoginFault(cause);
    if (NOT_CONNECTED.test(prose)) return notConnectedFault(cause);
    const name = code === 'ETHROTTLE' ? 'THROTTLED' : responseCode(error);
    const sentence = `The mail server refused the command ${command}${name === undefined ? '' : ` (${name})`}.`;
    return new UpstreamError('IMAP', 'refused', sentence, { cause, code: name ?? status });
  }
  if (code === 'InvalidStringValue' || code === 'InvalidTokenValue') {
    return new UpstreamError('IMAP', 'refused', `The command ${command} cannot hold this text.`, {
      cause,
      code: 'UNENCODABLE',
    });
  }
  if (ifLost !== undefined)
    return new UpstreamError('IMAP', 'unknown_outcome', ifLost, { cause, code: code ?? 'CONNECTION_LOST' });
  if (code !== undefined && TIMEOUT_CODES.has(code)) {
    const sentence = 'The mail server did not answer in time. Try again in a minute.';
    return new UpstreamError('IMAP', 'timeout', sentence, { cause, code });
  }
  if (code !== undefined && TOO_LARGE_CODES.has(code)) {
    const sentence = 'The answer of the mail server is larger than what is accepted here. Ask for less at a time.';
    return new UpstreamError('IMAP', 'refused', sentence, { cause, code: 'TOO_LARGE' });
  }
  if (
    code?.startsWith('Parser') ||
    code === 'InvalidResponse' ||
    code === 'ResponseProcessingFailed' ||
    code === 'UnexpectedTag'
  ) {
    return protocolFault(cause, code);
  }
  return new UpstreamError('IMAP', 'unreachable', 'The connection to the mail server was lost. Try again.', {
    cause,
    code: 'CONNECTION_LOST',
  });
}

/** The server offers no STARTTLS although it is required (RFC 8314 §3). No credentials were sent. */
function noStartTlsFault(cause: unknown): UpstreamError {
  const sentence = 'The IMAP server offers no STARTTLS, so the password was not sent.';
  return new UpstreamError('IMAP', 'refused', sentence, { cause, code: 'NO_STARTTLS' });
}

/** The server offers no way to log in with a password that is implemented here. No credentials were sent. */
export function unsupportedLoginFault(): UpstreamError {
  const sentence = 'The IMAP server takes no password in a way that is known here.';
  return new UpstreamError('IMAP', 'refused', sentence, { code: 'LOGINDISABLED' });
}

/** NetEase: `NO EXAMINE Unsafe Login. Please contact …`, to clients that have not sent ID, and to accounts that may not be used by other programs. */
const UNSAFE_LOGIN = /\bunsafe login\b/i;

function unsafeLoginFault(cause: unknown): UpstreamError {
  const sentence =
    'The mail provider accepted the login, but opens no mailbox for this program ("Unsafe Login"). The account owner has to allow IMAP in the web mail of the provider and sign in again with a new authorization code, or ask its support.';
  return new UpstreamError('IMAP', 'refused', sentence, { cause, code: 'UNSAFE_LOGIN' });
}

/** Exchange: `BAD User is authenticated but not connected.`, where the account has no right to the mailbox, or IMAP is switched off for it. */
const NOT_CONNECTED = /\bauthenticated but not connected\b/i;

function notConnectedFault(cause: unknown): UpstreamError {
  const sentence =
    'The mail server accepted the sign-in and opens no mailbox: it may not be used with IMAP, or belongs to another account. The administrator of the account can switch IMAP on.';
  return new UpstreamError('IMAP', 'refused', sentence, { cause, code: 'NOT_CONNECTED' });
}

/** The server opened the session before the login, so it may belong to another user (RFC 9051 §7.1.4). */
export function preauthenticatedFault(): UpstreamError {
  const sentence = 'The IMAP server opened a session without a login.';
  return new UpstreamError('IMAP', 'refused', sentence, { code: 'PREAUTH' });
}

export function credentialsFault(options: { cause?: unknown; code?: string | undefined } = {}): UpstreamError {
  return new UpstreamError('IMAP', 'credentials', 'The IMAP server refused the user name or password.', options);
}

function refusedConnectionFault(cause: unknown, prose: string): UpstreamError {
  const code = TOO_MANY_CONNECTIONS.test(prose) ? 'LIMIT' : 'BYE';
  const sentence =
    code === 'LIMIT'
      ? 'The IMAP server allows no further connection to this account. Try again in a minute.'
      : 'The IMAP server turned the connection away. Try again in a minute.';
  return new UpstreamError('IMAP', 'refused', sentence, { cause, code });
}

function protocolFault(cause: unknown, code: string): UpstreamError {
  const sentence = 'The answer of the mail server could not be understood.';
  return new UpstreamError('IMAP', 'refused', sentence, { cause, code: `PROTOCOL_${code}` });
}

/** The text of an answer, what is in brackets included: some servers give the reason there. */
function proseOf(error: unknown): string {
  const code = codeItems(error).map((item) => textOf(item) ?? '');
  return [...code, propertyOf(error, 'responseText') ?? ''].join(' ');
}

/** The response code in brackets after a refusal (RFC 9051 §7.1), upper case. */
function responseCode(error: unknown): string | undefined {
  const code = textOf(codeItems(error)[0])?.toUpperCase();
  return code !== undefined && /^[A-Z][A-Z0-9.-]{0,39}$/.test(code) ? code : undefined;
}

/** The response code and its arguments; empty if there is none. */
function codeItems(error: unknown): readonly Item[] {
  if (!(error instanceof Error) || !('response' in error)) return [];
  const response: unknown = error.response;
  if (typeof response !== 'object' || response === null || !('attributes' in response)) return [];
  const [status] = Array.isArray(response.attributes) ? response.attributes : [];
  const section: Item[] | undefined = status?.section;
  return isList(section) ? section : [];
}

function propertyOf(error: unknown, property: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' || typeof value === 'boolean' ? `${value}` : undefined;
}
