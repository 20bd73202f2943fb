/** Mints clients of Missive by command and over HTTP, a connection for dynamic clients, and a token without the sign-in page. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { main } from '../../../src/cli.ts';
import { startApp } from '../../support/app/start-app.ts';
import { startMissive } from '../../support/missive/stand-in.ts';

const KEY = randomBytes(32).toString('base64');
const ADMIN_TOKEN = randomBytes(32).toString('hex');
const DEFAULT_URL = 'https://public.missiveapp.com/v1';

/** @param answers lines typed on the terminal, in this order */
async function run(argv: string[], environment: NodeJS.ProcessEnv = {}, answers: string[] = []) {
  const out: string[] = [];
  const err: string[] = [];
  const said: string[] = [];
  const answer = async () => answers.shift() ?? '';
  const terminal = { ask: answer, askSecret: answer, say: (line: string) => void said.push(line) };
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exitCode = await main(argv, { ENCRYPTION_KEY: KEY, ...environment }, output, terminal);
  return { exitCode, out: out.join(''), err: err.join(''), said: said.join('\n') };
}

async function generated(...flags: string[]): Promise<Record<string, unknown>> {
  const { out, err } = await run(['generate', '--missive', '--json', ...flags]);
  expect(err).toBe('');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(out));
}

describe('mail-mcp generate --missive', () => {
  test('prints id, secret and the URL of the API, each on a line to copy', async () => {
    const { exitCode, out } = await run(['generate', '--missive']);
    expect(exitCode).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^Client ID: [\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(lines[1]).toMatch(/^Client Secret: [0-9a-f]{64}$/);
    expect(lines[3]).toBe(`Missive: ${DEFAULT_URL}`);
  });

  test('accepts another URL of the API, and removes slashes at its end', async () => {
    expect(await generated()).toMatchObject({ missive: { url: DEFAULT_URL } });
    expect(await generated('--missive-url=https://missive.example/v2/')).toMatchObject({
      missive: { url: 'https://missive.example/v2' },
    });
    expect(await generated('--missive-url=http://127.0.0.1:8080/v1')).toMatchObject({
      missive: { url: 'http://127.0.0.1:8080/v1' },
    });
  });

  test.each([
    ['the token would be sent without TLS', '--missive-url=http://missive.example/v1'],
    ['it is not a URL', '--missive-url=missive'],
    ['it is another scheme', '--missive-url=ftp://missive.example'],
    ['it has a query', '--missive-url=https://missive.example/?a=b'],
    ['it has a user name and password', '--missive-url=https://ann:secret@missive.example/'],
  ])('refuses a URL where %s', async (_why, flag) => {
    const { exitCode, out, err } = await run(['generate', '--missive', flag]);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('--missive-url must be an https URL');
  });

  test.each([
    '--imap-host=imap.example.com',
    '--imap-port=993',
    '--no-imap-ssl',
    '--smtp-host=smtp.example.com',
    '--smtp-port=465',
    '--smtp-ssl',
    '--allow-cleartext',
    '--sent-copy=never',
    '--authserv-id=mail.example.com',
    '--folders=INBOX',
    '--max-changes-per-hour=5',
  ])('refuses %s, which belongs to mailboxes', async (flag) => {
    const { exitCode, err } = await run(['generate', '--missive', flag]);
    expect(exitCode).toBe(1);
    const name = (/^--(?:no-)?([\w-]+)/.exec(flag) ?? [])[1];
    expect(err).toBe(`--${name} applies to mail accounts and excludes --missive.\n`);
  });

  test('is required with --missive-url', async () => {
    const hosts = ['--imap-host=imap.example.com', '--smtp-host=smtp.example.com'];
    const { exitCode, err } = await run(['generate', ...hosts, `--missive-url=${DEFAULT_URL}`]);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: '--missive-url requires --missive.\n' });
  });

  test('seals limits with tags and tools of Missive, and refuses those of mail', async () => {
    const limits = ['--methods=read', '--tags=contacts,labels', '--recipients=@example.com', '--max-sends-per-hour=5'];
    expect(await generated(...limits)).toMatchObject({
      policy: {
        methods: ['list', 'get', 'search'],
        tags: ['contacts', 'labels'],
        recipients: ['@example.com'],
        max_sends_per_hour: 5,
      },
    });
    expect(await generated('--tools=list_all_missive_contacts')).toMatchObject({
      policy: { tools: ['list_all_missive_contacts'] },
    });
    const { exitCode, err } = await run(['generate', '--missive', '--tags=mailboxes', '--tools=list_mailboxes']);
    expect(exitCode).toBe(1);
    expect(err).toContain('--tags: there is no tag "mailboxes"');
    expect(err).toContain('--tools: there is no tool "list_mailboxes"');
    expect((await run(['generate', '--missive', '--methods=get', '--tags=webhooks'])).err).toContain('no tool is left');
  });

  test('inspect shows the URL of the API and the limits of the client', async () => {
    const { client_id } = await generated('--tags=labels');
    const { out } = await run(['inspect', String(client_id)]);
    expect(JSON.parse(out)).toMatchObject({ kind: 'client_id', missive: DEFAULT_URL, policy: { tags: ['labels'] } });
  });

  test('dynamic clients get the default connection, to Missive', async () => {
    await using missive = await startMissive();
    const { default_connection } = await generated('--connection', `--missive-url=${missive.url}`, '--tags=labels');
    const { out } = await run(['inspect', String(default_connection)]);
    expect(JSON.parse(out)).toMatchObject({ kind: 'connection', missive: missive.url });
    await using app = await startApp({
      ENCRYPTION_KEY: KEY,
      DEFAULT_CONNECTION: String(default_connection),
      CLIENT_REGISTRATION: 'true',
    });
    const page = await fetch(`${app.origin}/account`);
    expect(await page.text()).toContain('Personal API token');
  });
});

describe('POST /admin/clients', () => {
  const post = async (config: object) => {
    await using app = await startApp({ ADMIN_TOKEN });
    const response = await fetch(`${app.origin}/admin/clients`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ name: 'Claude Missive Triage Server', config, expires_at: null }),
    });
    return { status: response.status, body: await response.json() };
  };

  test('mints a client of Missive with methods and tags', async () => {
    const tags = ['contacts', 'conversations', 'labels'];
    expect(await post({ missive: true, methods: ['read', 'write'], tags })).toMatchObject({
      status: 201,
      body: { missive: { url: DEFAULT_URL }, policy: { tags }, expires_at: null, url: expect.stringMatching(/\/mcp$/) },
    });
  });

  test('names the fields of the body in its errors', async () => {
    const { status, body } = await post({
      missive: true,
      missive_url: 'http://missive.example',
      imap_host: 'x.example',
    });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('config.missive_url must be an https URL');
    expect(JSON.stringify(body)).toContain('config.imap_host applies to mail accounts and excludes config.missive.');
  });
});

describe('mail-mcp token', () => {
  test('asks for the API token, verifies it, and prints a bearer token that lists the tools of Missive', async () => {
    await using missive = await startMissive();
    await using app = await startApp({ ENCRYPTION_KEY: KEY });
    const { client_id } = await generated(`--missive-url=${missive.url}`, '--tags=labels');
    const argv = ['token', `--client-id=${client_id}`, '--json'];
    const made = await run(argv, { BASE_URL: app.origin }, ['', 'missive_pat-wrong', missive.token]);
    expect(made.said).toContain('Enter your API token.');
    expect(made.said).toContain('Missive does not accept this API token.');
    expect(made.out).not.toContain('missive_pat');
    const { token } = z.object({ token: z.string() }).parse(JSON.parse(made.out));
    const response = await fetch(`${app.origin}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    const { result } = z
      .object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) })
      .parse(await response.json());
    expect(result.tools.map(({ name }) => name)).toEqual([
      'list_all_missive_organizations',
      'list_all_missive_shared_labels',
      'create_a_missive_shared_label',
      'update_a_missive_shared_label_by_id',
    ]);
  });
});
