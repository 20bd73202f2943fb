/** Writes the SASL messages that carry an access token: OAUTHBEARER (RFC 7628) and XOAUTH2, which Google and Microsoft have defined. */
import { z } from 'zod';
import type { Credential } from './access-tokens.ts';

interface TokenMechanism {
  name: 'OAUTHBEARER' | 'XOAUTH2';
  /** The initial response, in base64. */
  initial: string;
  /** What the client answers to the error of the server, in base64, so that the server ends the exchange (RFC 7628 §3.2.3). */
  afterError: string;
}

/**
 * @param offered names of SASL mechanisms, in capitals
 * @returns `undefined` if the server offers neither
 */
export function tokenMechanism(
  offered: (mechanism: string) => boolean,
  { username, token, host, port }: { username: string; token: string; host: string; port: number },
): TokenMechanism | undefined {
  if (offered('OAUTHBEARER')) {
    const parts = [`n,a=${saslName(username)},`, `host=${host}`, `port=${port}`, `auth=Bearer ${token}`, '', ''];
    return { name: 'OAUTHBEARER', initial: encoded(parts), afterError: encoded(['', '']) };
  }
  if (offered('XOAUTH2')) {
    const parts = [`user=${username}`, `auth=Bearer ${token}`, '', ''];
    return { name: 'XOAUTH2', initial: encoded(parts), afterError: '' };
  }
  return undefined;
}

const encoded = (parts: readonly string[]): string => Buffer.from(parts.join('\x01')).toString('base64');

/** A name in a GS2 header (RFC 5801 §4). */
const saslName = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C');

const FIELD_ENDS = '\0\u0001\r\n';

/** True if no account can have such credentials: NUL and ^A end fields (RFC 4616 §2, RFC 7628 §3.1), CR and LF end a command. */
export function hasControl(credential: Credential): boolean {
  if (credential.kind === 'password') return /[\0\r\n]/.test(credential.username + credential.password);
  return [...FIELD_ENDS].some((end) => (credential.username + credential.token).includes(end));
}

const TokenError = z.object({ status: z.string().regex(/^[\w-]{1,40}$/) });

/** The status of the JSON in which a server says why it refuses a token: a code of RFC 6750, or a number. @returns `undefined` if it says none */
export function tokenErrorStatus(base64: string | undefined): string | undefined {
  try {
    return TokenError.parse(JSON.parse(Buffer.from((base64 ?? '').slice(0, 2_000), 'base64').toString())).status;
  } catch {
    return undefined;
  }
}
