/** Checks what `mail-mcp generate` does with servers that cannot be used. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import {
  GOOD_SERVERS,
  MISBEHAVIOURS,
  type TestCertificates,
  temporaryCertificates,
} from '../support/mail/misbehaving-servers.ts';

let certificates: TestCertificates & AsyncDisposable;

beforeAll(async () => {
  certificates = await temporaryCertificates();
});
afterAll(() => certificates[Symbol.asyncDispose]());

async function run(...flags: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const print = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const env = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const exitCode = await main(['generate', '--json', ...flags], env, print);
  return { exitCode, out: out.join(''), err: err.join('') };
}

const startServer = (name: string) => {
  const server = MISBEHAVIOURS[name] ?? GOOD_SERVERS[name];
  if (server === undefined) throw new Error(`no server ${name}`);
  return server.start(certificates);
};

describe('mail-mcp generate', () => {
  test('mints nothing for servers that cannot be used, and names the flag that is wrong', async () => {
    await using imap = await startServer('speaks TLS where STARTTLS is set (IMAP)');
    await using smtp = await startServer('offers no STARTTLS');
    const flags = [`--imap-host=${imap.host}`, `--imap-port=${imap.port}`];
    const others = [`--smtp-host=${smtp.host}`, `--smtp-port=${smtp.port}`];
    const { exitCode, out, err } = await run(...flags, ...others);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err.trim().split('\n')).toEqual([
      `localhost:${imap.port} speaks TLS from the first byte. Add --imap-ssl.`,
      `localhost:${smtp.port} speaks IMAP, not SMTP. Correct --smtp-host and --smtp-port: they may be exchanged with --imap-host and --imap-port.`,
      'Nothing was minted. To mint without trying the servers, add --no-probe.',
    ]);
    expect((await run(...flags, ...others, '--no-probe')).exitCode).toBe(0);
  });

  test('mints for servers that can be used', async () => {
    await using imap = await startServer('imap in cleartext');
    await using smtp = await startServer('smtp in cleartext');
    const imapFlags = [`--imap-host=${imap.host}`, `--imap-port=${imap.port}`];
    const smtpFlags = [`--smtp-host=${smtp.host}`, `--smtp-port=${smtp.port}`];
    const { exitCode, out, err } = await run(...imapFlags, ...smtpFlags, '--allow-cleartext');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(JSON.parse(out)).toHaveProperty('client_id');
  });
});
