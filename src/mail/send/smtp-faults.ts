/** Turns the errors of nodemailer, Node and SMTP servers into UpstreamError, without any text of a server. */
import { UpstreamError } from '../../errors.ts';
import { TOKEN_REFUSED } from '../access-tokens.ts';
import { loginRefusalOf } from '../login-refusal.ts';

export interface Rejection {
  address: string;
  /** SMTP reply code (RFC 5321 §4.2.3), where there was one. */
  code: number | null;
  /** A fixed sentence; no text of the server. */
  reason: string;
}

const NOTHING_SENT = 'Nothing was sent.';

/** A fault before the login. */
export function connectFault(cause: unknown): UpstreamError {
  const code = read(cause, 'originalCode') ?? read(cause, 'code');
  const replyCode = replyCodeOf(cause);
  if (read(cause, 'code') === 'ETIMEDOUT' || code === 'ETIMEDOUT') {
    const sentence = `The SMTP server did not answer in time. ${NOTHING_SENT} Try again in a minute.`;
    return new UpstreamError('SMTP', 'timeout', sentence, { cause, code });
  }
  if (read(cause, 'command') === 'STARTTLS' && replyCode !== undefined) {
    const sentence = `The SMTP server offers no STARTTLS, so the password was not sent. ${NOTHING_SENT}`;
    return new UpstreamError('SMTP', 'refused', sentence, { cause, code: 'NO_STARTTLS' });
  }
  if (isAboutCertificate(cause, code)) {
    const sentence = `The certificate of the SMTP server is not valid for its name, or nobody trusted has signed it. ${NOTHING_SENT}`; // phrase allowed: shown to callers
    return new UpstreamError('SMTP', 'certificate', sentence, { cause, code });
  }
  if (replyCode !== undefined) {
    const sentence = `The SMTP server turned the connection away (${replyCode}). ${NOTHING_SENT} Try again in a minute.`;
    return new UpstreamError('SMTP', 'refused', sentence, { cause, code: String(replyCode) });
  }
  const sentence = `The SMTP server could not be reached, or does not speak the expected protocol on this port. ${NOTHING_SENT}`;
  return new UpstreamError('SMTP', 'unreachable', sentence, { cause, code });
}

/** A fault of the login. */
export function loginFault(cause: unknown): UpstreamError {
  const replyCode = replyCodeOf(cause);
  if (replyCode === undefined) return connectFault(cause);
  const code = String(replyCode);
  switch (loginRefusalOf(read(cause, 'response') ?? '')) {
    case 'app_password': {
      const sentence = `The SMTP server wants an app password instead of the password of the account. ${NOTHING_SENT}`;
      return new UpstreamError('SMTP', 'credentials', sentence, { cause, code: 'APP_PASSWORD' });
    }
    // Another sign-in would not help, and reading may work: the login is not reported as refused.
    case 'no_passwords': {
      const sentence = `The SMTP server takes no passwords from mail programs, and an app password does not help. ${NOTHING_SENT}`;
      return new UpstreamError('SMTP', 'refused', sentence, { cause, code: 'NO_PASSWORDS' });
    }
    case 'smtp_auth_off': {
      const sentence = `Sending with a password (SMTP AUTH) is switched off for this mailbox or its organization. Its administrator can switch it on. ${NOTHING_SENT}`;
      return new UpstreamError('SMTP', 'refused', sentence, { cause, code: 'SMTP_AUTH_OFF' });
    }
    case 'blocked': {
      const sentence = `The SMTP server refuses this login by a rule of the account's organization. Its administrator can allow it. ${NOTHING_SENT}`;
      return new UpstreamError('SMTP', 'refused', sentence, { cause, code: 'BLOCKED' });
    }
  }
  // 534 and 535 refuse the credentials (RFC 4954 §6); some servers use 550, 553 or 554. 530 and 538 require TLS.
  if ([534, 535, 550, 553, 554].includes(replyCode)) return wrongLogin({ cause, code });
  if (UNKNOWN_COMMAND_CODES.has(code)) {
    const sentence = `The SMTP server takes no password in a way that is known here (${code}). ${NOTHING_SENT}`;
    return new UpstreamError('SMTP', 'refused', sentence, { cause, code });
  }
  const sentence = `The SMTP server accepts no login at the moment (${code}). ${NOTHING_SENT} Try again in a minute.`;
  return new UpstreamError('SMTP', 'refused', sentence, { cause, code });
}

/** A fault of the login with an access token. Postfix answers 535 also while it cannot examine tokens, so that no grant ends because of it. */
export function tokenLoginFault(cause: unknown): UpstreamError {
  const replyCode = replyCodeOf(cause);
  if (replyCode === undefined) return connectFault(cause);
  const refusal = loginRefusalOf(read(cause, 'response') ?? '');
  if (refusal === 'smtp_auth_off') {
    const sentence = `SMTP is switched off for this mailbox or its organization. Its administrator can switch it on. ${NOTHING_SENT}`;
    return new UpstreamError('SMTP', 'refused', sentence, { cause, code: 'SMTP_AUTH_OFF' });
  }
  if (refusal === 'blocked' || ![534, 535, 550, 553, 554].includes(replyCode)) return loginFault(cause);
  const sentence = `The SMTP server refused the access token of the provider. ${NOTHING_SENT} Try again in a minute.`;
  return new UpstreamError('SMTP', 'refused', sentence, { cause, code: TOKEN_REFUSED });
}

/** The server offers no way to log in with an access token. No credentials were sent. */
export function noTokenLoginFault(): UpstreamError {
  const sentence = `The SMTP server takes no access tokens (OAUTHBEARER, XOAUTH2). ${NOTHING_SENT}`;
  return new UpstreamError('SMTP', 'refused', sentence, { code: 'NO_TOKENS' });
}

/** Replies that AUTH, or all its mechanisms that were tried, are unknown (RFC 5321 §4.2.4, RFC 4954 §4). */
export const UNKNOWN_COMMAND_CODES: ReadonlySet<string> = new Set(['500', '502', '503', '504']);

/** True if the reply gives a reason that another mechanism does not change. */
export function isJudgedForGood(refusal: unknown): boolean {
  const reason = loginRefusalOf(read(refusal, 'response') ?? '');
  return reason !== undefined && reason !== 'app_password';
}

export function wrongLogin(options: { cause?: unknown; code?: string | undefined } = {}): UpstreamError {
  const sentence = `The SMTP server refused the user name or password. ${NOTHING_SENT}`;
  return new UpstreamError('SMTP', 'credentials', sentence, options);
}

/**
 * A fault of the submission.
 *
 * @param mayHaveArrived true if the whole message was passed to the connection: without a reply the outcome is unknown
 */
export function sendFault(cause: unknown, mayHaveArrived: boolean): UpstreamError {
  const rejected = rejectionsOf(cause);
  if (rejected.length > 0) return allRefusedFault(rejected, cause);
  const replyCode = replyCodeOf(cause);
  if (replyCode !== undefined) {
    const reason = reasonFor(replyCode, read(cause, 'response') ?? '', 'message');
    const what = read(cause, 'command') === 'MAIL FROM' ? 'the sender address' : 'the message';
    const sentence = `${NOTHING_SENT} The SMTP server refused ${what}: ${reason} (${replyCode}).`;
    return new UpstreamError('SMTP', 'refused', sentence, { cause, code: String(replyCode) });
  }
  if (mayHaveArrived) {
    const sentence =
      'The connection was lost after the message was handed over, before the SMTP server confirmed it: it may have been sent or not. Look for it in the Sent mailbox, or ask a recipient, before sending again.';
    return new UpstreamError('SMTP', 'unknown_outcome', sentence, { cause, code: read(cause, 'code') });
  }
  if (read(cause, 'command') === 'MAIL FROM') {
    const sentence = `${NOTHING_SENT} The message is larger than the SMTP server takes. Send fewer or smaller attachments.`;
    return new UpstreamError('SMTP', 'refused', sentence, { cause, code: 'SIZE' });
  }
  return connectFault(cause);
}

/** The fault of a message that no recipient was accepted for. */
export function allRefusedFault(rejected: readonly Rejection[], cause?: unknown): UpstreamError {
  const each = rejected.map(({ address, code, reason }) => `${address}: ${reason}${code === null ? '' : ` (${code})`}`);
  const sentence = `${NOTHING_SENT} The SMTP server refused every recipient. ${each.join('; ')}.`;
  return new UpstreamError('SMTP', 'refused', sentence, { cause, code: codeOf(rejected[0]) });
}

/** @param error why the message could not be sent to this recipient after others had been accepted */
export function rejectionAfterOthers(address: string, error: unknown): Rejection {
  if (!(error instanceof UpstreamError)) return { address, code: null, reason: 'not sent' };
  const replyCode = replyCodeOf(error.cause) ?? null;
  if (error.fault === 'refused')
    return { address, code: replyCode, reason: 'not sent: the server refused the message' };
  const isUnknown = error.fault === 'unknown_outcome';
  const reason = isUnknown ? 'may have been sent or not: the connection was lost' : 'not sent: the connection was lost';
  return { address, code: null, reason };
}

/** @param error the refusal of one recipient, as nodemailer reports it */
export function rejectionOf(error: unknown): Rejection {
  const code = replyCodeOf(error) ?? null;
  const reason = code === null ? 'no answer' : reasonFor(code, read(error, 'response') ?? '', 'recipient');
  return { address: read(error, 'recipient') ?? '', code, reason };
}

/** The refusals of all recipients, if nodemailer reports those; otherwise empty. */
export function rejectionsOf(cause: unknown): Rejection[] {
  if (!(cause instanceof Error)) return [];
  const errors: unknown = Reflect.get(cause, 'rejectedErrors');
  return Array.isArray(errors) ? errors.map(rejectionOf) : [];
}

/** A fixed sentence for a reply, by its enhanced status code (RFC 3463) where it has one, else by its reply code (RFC 5321 §4.2.3). */
function reasonFor(code: number, response: string, about: 'recipient' | 'message'): string {
  const [, status = ''] = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response) ?? [];
  const detail = status.slice(2);
  if (['1.1', '1.6', '1.10'].includes(detail)) return 'unknown address';
  if (['1.2', '4.4', '1.3'].includes(detail)) return 'unknown domain or bad address';
  if (['2.1', '2.0'].includes(detail)) return 'mailbox is disabled';
  if (detail === '2.2') return 'mailbox is full';
  if (['2.3', '3.4'].includes(detail) || code === 552)
    return about === 'message' ? 'too large, or the quota is used up' : 'mailbox is full, or the message is too large';
  if (['4.5', '5.3', '7.28'].includes(detail)) return 'too many messages or recipients; try again later';
  if (detail.startsWith('7.'))
    return code < 500
      ? 'put off by the policy of the server; try again later'
      : 'not allowed by the policy of the server';
  if (code < 500) return 'try again later';
  if (code === 553 || code === 501) return 'address not accepted';
  if (code === 550 && about === 'recipient' && status === '') return 'unknown address or not allowed';
  return about === 'recipient' ? 'refused' : 'not accepted';
}

/** Recognizes the error codes of OpenSSL and Node. For a failed STARTTLS nodemailer keeps only the error message. */
function isAboutCertificate(cause: unknown, code: string | undefined): boolean {
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)|HOSTNAME_MISMATCH/.test(code ?? '')) return true;
  return (
    code === 'ETLS' &&
    /^Error initiating TLS - .*(?:certificate|altnames)/i.test(cause instanceof Error ? cause.message : '')
  );
}

function codeOf(rejection: Rejection | undefined): string | undefined {
  return rejection?.code == null ? undefined : String(rejection.code);
}

function read(error: unknown, property: string): string | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, property) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The SMTP reply code that nodemailer has found in the answer; `undefined` without one. */
export function replyCodeOf(error: unknown): number | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, 'responseCode') : undefined;
  return typeof value === 'number' ? value : undefined;
}
