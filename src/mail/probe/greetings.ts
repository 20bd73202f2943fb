/** Speaks as much IMAP and SMTP as is needed before a login: greeting, capabilities, STARTTLS. */
import type { LineConnection } from './line-connection.ts';
import type { MailService } from './probe-faults.ts';

export type Protocol = 'imap' | 'smtp' | 'pop3' | 'http' | 'other';

/** @param line the first line that a server has sent */
export function protocolOf(line: string): Protocol {
  if (/^\* (?:OK|PREAUTH|BYE)\b/i.test(line)) return 'imap';
  if (/^[245]\d\d[ -]/.test(line)) return 'smtp';
  if (/^[+-](?:OK|ERR)\b/i.test(line)) return 'pop3';
  return /^HTTP\/\d/i.test(line) ? 'http' : 'other';
}

/** The first line of a server, at which most protocols show themselves. HTTP is spoken to if there is none. */
export async function firstLine(connection: LineConnection, limitMs: number): Promise<string> {
  return connection.readLine(limitMs).catch(() => {
    connection.write('HEAD / HTTP/1.0\r\n');
    return connection.readLine(limitMs);
  });
}

/** True if the greeting turns the connection away. */
export const isRefusal = (greeting: string): boolean => /^(?:\* BYE\b|[45]\d\d[ -])/i.test(greeting);

/** What a server offers before the login, upper case: `STARTTLS`, `AUTH=PLAIN`, `LOGINDISABLED`. SMTP mechanisms have the form of IMAP. */
export function offersOf(
  service: MailService,
  connection: LineConnection,
  limitMs: number,
): Promise<ReadonlySet<string>> {
  return service === 'imap' ? capabilities(connection, limitMs) : extensions(connection, limitMs);
}

/** @returns whether the server is ready for the handshake */
export async function askForTls(service: MailService, connection: LineConnection, limitMs: number): Promise<boolean> {
  if (service === 'imap') {
    const [, answer = ''] = await command(connection, 'STARTTLS', limitMs);
    return /^OK\b/i.test(answer);
  }
  connection.write('STARTTLS');
  return (await reply(connection, limitMs)).some((line) => line.startsWith('220'));
}

/** True if the password can be sent in a way that is implemented here. */
export function takesPassword(service: MailService, offers: ReadonlySet<string>): boolean {
  const hasMechanism = offers.has('AUTH=PLAIN') || offers.has('AUTH=LOGIN');
  return hasMechanism || (service === 'imap' ? !offers.has('LOGINDISABLED') : offers.has('AUTH=CRAM-MD5'));
}

/** True if an access token can be sent (RFC 7628). */
export const takesTokens = (offers: ReadonlySet<string>): boolean =>
  offers.has('AUTH=XOAUTH2') || offers.has('AUTH=OAUTHBEARER');

async function capabilities(connection: LineConnection, limitMs: number): Promise<ReadonlySet<string>> {
  const [untagged] = await command(connection, 'CAPABILITY', limitMs);
  const words = untagged.flatMap((line) => /^\* CAPABILITY (.*)$/i.exec(line)?.[1]?.toUpperCase().split(/\s+/) ?? []);
  return new Set(words);
}

/** Runs an IMAP command. @returns its untagged responses, and the tagged one without its tag */
async function command(connection: LineConnection, name: string, limitMs: number): Promise<[string[], string]> {
  const until = performance.now() + limitMs;
  const untagged: string[] = [];
  connection.write(`p ${name}`);
  for (;;) {
    const line = await connection.readLine(until - performance.now());
    if (line.startsWith('p ')) return [untagged, line.slice(2)];
    untagged.push(line);
  }
}

async function extensions(connection: LineConnection, limitMs: number): Promise<ReadonlySet<string>> {
  connection.write('EHLO [127.0.0.1]');
  const lines = (await reply(connection, limitMs)).map((line) => line.slice(4).trim().toUpperCase());
  // `AUTH=PLAIN` is how old servers write it.
  return new Set(
    lines.flatMap((line) => {
      const [name = '', ...words] = line.split(/[\s=]+/);
      return name === 'AUTH' ? words.map((word) => `AUTH=${word}`) : [name];
    }),
  );
}

/** One reply of SMTP (RFC 5321 §4.2.1). */
async function reply(connection: LineConnection, limitMs: number): Promise<string[]> {
  const until = performance.now() + limitMs;
  const lines: string[] = [];
  for (;;) {
    const line = await connection.readLine(until - performance.now());
    lines.push(line);
    if (!/^\d{3}-/.test(line)) return lines;
  }
}
