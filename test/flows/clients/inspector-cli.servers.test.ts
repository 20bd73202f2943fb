/** Runs the command line of the MCP Inspector against the whole server. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../src/mail/account.ts';
import { signIn } from '../../support/app/person.ts';
import { type Registration, signInFields, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { freePort } from '../../support/servers/ports.ts';

let app: TestApp;
let account: MailAccount;
beforeAll(async () => {
  const environment = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  account = newAccount();
  await using minting = await startApp(environment);
  const { client_id } = await minting.mint(account);
  app = await startApp({ ...environment, DEFAULT_CONNECTION: client_id, CLIENT_REGISTRATION: 'true' });
  await appendMessages(account, { INBOX: [message({ subject: 'Hello' })] });
});
afterAll(() => app.stop());

const root = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json'));
const launcher = join(root, 'clients/launcher/build/index.js');

/**
 * Runs the Inspector with the URL of the server; a user follows the link that it prints.
 *
 * @param registration without one, the Inspector registers
 * @returns the JSON that it prints
 */
async function inspect(registration: Registration | undefined, ...args: string[]): Promise<unknown> {
  // It stores tokens in the home directory.
  const home = await mkdtemp(join(tmpdir(), 'mail-mcp-inspector-'));
  const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  const { client_id, client_secret } = registration ?? {};
  const id = client_id === undefined ? [] : ['--client-id', client_id];
  const secret = client_secret === undefined ? [] : ['--client-secret', client_secret];
  const where = ['--server-url', `${app.origin}/mcp`, '--callback-url', callback];
  const child = spawn(process.execPath, [launcher, '--cli', ...where, ...id, ...secret, '--format', 'json', ...args], {
    // It tries to open a browser and finds none in an empty PATH.
    env: { PATH: '', HOME: home, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' },
    timeout: 25_000,
  });
  let stdout = '';
  let stderr = '';
  let person: Promise<unknown> | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const url = /http\S+\/oauth\/authorize\?\S+(?=\s)/.exec(stderr)?.[0];
    if (url !== undefined) person ??= signInAndReturn(new URL(url), callback);
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  await person;
  await rm(home, { recursive: true });
  // The error is the last line of stderr.
  if (exitCode !== 0) throw new Error(stderr.trimEnd().split('\n').at(-1));
  return JSON.parse(stdout);
}

async function signInAndReturn(url: URL, callback: string): Promise<void> {
  await fetch(`${callback}?${await signIn(url, signInFields(account))}`);
}

const Tools = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });

describe.each([
  ['legacy', false],
  ['modern', true],
])('the command line of the Inspector, protocol era %s', (era, isPublic) => {
  const register = () => app.mint(account, { preset: ['inspector'], redirectUri: [], public: isPublic });

  test('signs in and lists the tools, without an error in any schema', async () => {
    const args = ['--protocol-era', era, '--method', 'tools/list', '--strict'];
    const { result } = Tools.parse(await inspect(await register(), ...args));
    expect(result.tools.map(({ name }) => name)).toContain('list_mail_messages');
  });

  test('registers with only the URL, and lists the tools', async () => {
    const { result } = Tools.parse(await inspect(undefined, '--protocol-era', era, '--method', 'tools/list'));
    expect(result.tools.map(({ name }) => name)).toContain('list_mail_messages');
  });

  test('signs in and calls a tool with arguments', async () => {
    const args = ['--protocol-era', era, '--method', 'tools/call', '--tool-name', 'list_mail_messages'];
    expect(await inspect(await register(), ...args, '--tool-arg', 'folder=INBOX')).toMatchObject({
      result: { structuredContent: { messages: [{ subject: 'Hello' }] } },
    });
  });
});
