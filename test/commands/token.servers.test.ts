/** Checks `mail-mcp token`. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { main } from '../../src/cli.ts';
import { startApp, type TestApp } from '../support/app/start-app.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { newAccount, type PasswordAccount } from '../support/mail/accounts.ts';

const KEY = randomBytes(32).toString('base64');
const BIN = join(import.meta.dirname, '..', '..', 'bin', 'mail-mcp');

/** Runs `mail-mcp token` on a terminal that gives these answers in order. */
async function runToken(app: TestApp, flags: string[], answers: string[], settings: NodeJS.ProcessEnv = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const asked: string[] = [];
  const said: string[] = [];
  const answer = async (question: string, standard = '') => {
    asked.push(question);
    return answers.shift() || standard;
  };
  const terminal = { ask: answer, askSecret: answer, say: (line: string) => void said.push(line) };
  const env = { BASE_URL: app.origin, ENCRYPTION_KEY: KEY, ...settings };
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exitCode = await main(['token', ...flags], env, output, terminal);
  return { exitCode, out: out.join(''), err: err.join(''), asked, said: said.join('\n') };
}

const answersOf = ({ fullName, email, imap }: PasswordAccount) => [
  fullName,
  email,
  imap.login.username,
  imap.login.password,
];

const ToolList = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });

/** Names of the tools that the server lists for a token. */
async function listToolNames(app: TestApp, token: string): Promise<string[]> {
  const response = await fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  expect(response.status).toBe(200);
  return ToolList.parse(await response.json()).result.tools.map(({ name }) => name);
}

const Printed = z.object({ token: z.string(), grant: z.string(), scope: z.array(z.string()), expires_at: z.string() });

describe('mail-mcp token', () => {
  test.each([
    ['the flag', ['--time-zone=Asia/Tokyo'], {}, 'Asia/Tokyo'],
    ['the client', [], { timeZone: 'Europe/Paris' }, 'Europe/Paris'],
    ['the flag rather than the client', ['--time-zone=Asia/Tokyo'], { timeZone: 'Europe/Paris' }, 'Asia/Tokyo'],
  ])('seals the time zone of %s', async (_whose, flags, clientFlags, expected) => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const account = newAccount();
    const { client_id } = await app.mint(account, clientFlags);
    const { out } = await runToken(app, [`--client-id=${client_id}`, '--json', ...flags], answersOf(account));
    expect(JSON.parse(out)).toMatchObject({ time_zone: expected });
  });

  test('asks for credentials, verifies them, and prints a token that is valid until the printed time', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const account = newAccount();
    const { client_id } = await app.mint(account);
    const { exitCode, out, err, said } = await runToken(
      app,
      [`--client-id=${client_id}`, '--scope=mail.read', '--json'],
      answersOf(account),
    );
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    const { token, scope, expires_at } = Printed.parse(JSON.parse(out));
    expect(scope).toEqual(['mail.read']);
    const days = (Date.parse(expires_at) - Date.now()) / (24 * 3600 * 1000);
    expect(days).toBeCloseTo(90, 1);
    expect(said + out).not.toContain(account.imap.login.password);
    expect(await listToolNames(app, token)).toEqual([
      'list_mailboxes',
      'list_mail_messages',
      'search_mail_messages',
      'get_mail_message',
      'get_mail_thread',
    ]);
  });

  test('refuses a denied client', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const { client_id } = await app.mint(newAccount());
    const { exitCode, err, asked } = await runToken(app, [`--client-id=${client_id}`], [], {
      DENIED_CLIENTS: client_id,
    });
    expect({ exitCode, asked }).toEqual({ exitCode: 1, asked: [] });
    expect(err).toBe('--client-id is denied by DENIED_CLIENTS.\n');
  });

  test('reports a wrong password, and asks at most three times', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const account = newAccount();
    const { client_id } = await app.mint(account);
    const wrong = [...answersOf(account).slice(0, 3), 'wrong password'];
    const once = await runToken(app, [`--client-id=${client_id}`], [...wrong, ...answersOf(account)]);
    expect(once.exitCode).toBe(0);
    expect(once.said).toContain('did not accept this user name and password');
    const { exitCode, out, err } = await runToken(app, [`--client-id=${client_id}`], [...wrong, ...wrong, ...wrong]);
    expect({ exitCode, out, err }).toEqual({
      exitCode: 1,
      out: '',
      err: 'No token was created: the servers do not accept the credentials.\n',
    });
  });

  test.each([
    [[], '--client-id is required'],
    [['--client-id=nonsense'], '--client-id was not minted'],
    [['--expires-at=2020-01-01'], '--expires-at is in the past'],
    [['--expires-at=2099-01-01'], '--expires-at must be within a year'],
    [['--expires-at=soon'], '--expires-at must be a time'],
    [['--scope=mail.everything'], 'None of the requested scopes exists'],
  ])('refuses %j before it asks a question', async (flags, sentence) => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const { client_id } = await app.mint(newAccount());
    const withClient = flags.some((flag) => flag.startsWith('--client-id')) || flags.length === 0;
    const { exitCode, out, err, asked } = await runToken(
      app,
      withClient ? flags : [`--client-id=${client_id}`, ...flags],
      [],
    );
    expect({ exitCode, out, asked }).toEqual({ exitCode: 1, out: '', asked: [] });
    expect(err).toContain(sentence);
  });

  // In layout 2 every login that the command asks for fits.
  test('does not try credentials with which the token would exceed 4 KiB (BEAR-08)', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY, TOKEN_LAYOUT: '1' });
    const account = newAccount();
    const { client_id } = await app.mint(account, { folders: ['f'.repeat(620)] });
    const long = ['n'.repeat(256), `${'l'.repeat(64)}@${'d'.repeat(255)}`, 'u'.repeat(320), '"'.repeat(1024)];
    const short = ['', account.email, account.imap.login.username, account.imap.login.password];
    const flags = [`--client-id=${client_id}`, '--json'];
    const { exitCode, out, said } = await runToken(app, flags, [...long, ...long, ...short], { TOKEN_LAYOUT: '1' });
    expect(said.split('The login is too long; use a shorter password.')).toHaveLength(3);
    expect(exitCode).toBe(0);
    expect(Printed.parse(JSON.parse(out)).token.length).toBeLessThan(4096);
  });

  test('prints the scope that the limits of the client allow', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const account = newAccount();
    const { client_id } = await app.mint(account, { methods: ['read'] });
    const { out } = await runToken(app, [`--client-id=${client_id}`, '--json'], answersOf(account));
    expect(Printed.parse(JSON.parse(out)).scope).toEqual(['mail.read']);
    const { exitCode, err, asked } = await runToken(app, [`--client-id=${client_id}`, '--scope=mail.send'], []);
    expect({ exitCode, err, asked }).toEqual({
      exitCode: 1,
      err: '--scope: the limits of the client exclude all of it.\n',
      asked: [],
    });
  });

  test('refuses to run without a terminal', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const { client_id } = await app.mint(newAccount());
    const command = [BIN, 'token', `--client-id=${client_id}`];
    const env = { ...process.env, BASE_URL: app.origin, ENCRYPTION_KEY: KEY };
    const run = promisify(execFile)(process.execPath, command, { env, timeout: 20_000 });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'This command asks for credentials and must run in a terminal.\n',
    });
  });

  test('does not show the password on a terminal, and prints only the result on stdout', async () => {
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const account = newAccount();
    const { client_id } = await app.mint(account);
    const folder = mkdtempSync(join(tmpdir(), 'mail-mcp-token-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const printed = join(folder, 'stdout');
    const command = `'${process.execPath}' '${BIN}' token --client-id=${client_id} > '${printed}'`;
    const env = { ...process.env, BASE_URL: app.origin, ENCRYPTION_KEY: KEY, TERM: 'xterm' };
    const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env });
    let shown = '';
    terminal.stdout.on('data', (bytes) => {
      shown += bytes;
    });
    const questions = ['Full name', 'Email address', 'User name', 'Password'];
    for (const [index, answer] of answersOf(account).entries()) {
      await waitUntil(20_000, async () => shown.includes(`${questions[index]}`));
      terminal.stdin.write(`${answer}\r`);
    }
    const [exitCode] = await once(terminal, 'close');
    expect(exitCode).toBe(0);
    expect(shown).not.toContain(account.imap.login.password);
    const [, token = ''] = /^Bearer token: (\S+)\n/.exec(readFileSync(printed, 'utf8')) ?? [];
    expect(await listToolNames(app, token)).toHaveLength(11);
  });
});
