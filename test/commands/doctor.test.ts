/** Checks `mail-mcp doctor` as a command; what it says of single faults is checked in test/flows/faults/. */

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { generate } from '../../src/commands/generate.ts';
import { startApp } from '../support/app/start-app.ts';
import { passwordOf } from '../support/mail/accounts.ts';
import { GOOD_SERVERS, type TestCertificates } from '../support/mail/misbehaving-servers.ts';
import { freePort } from '../support/servers/ports.ts';

const key = (): string => randomBytes(32).toString('base64');

interface Given {
  flags?: object;
  input?: string;
  answers?: string[];
  isColoured?: boolean;
}

async function run(env: NodeJS.ProcessEnv, { flags = {}, input = '', answers = [], isColoured = false }: Given = {}) {
  const said: string[] = [];
  const ask = async () => answers.shift() ?? '';
  const { text, isGood } = await doctor(flags, env, {
    readInput: async () => input,
    openTerminal: () => ({ ask, askSecret: ask, say: (line) => void said.push(line) }),
    verifyLogin: async (account) =>
      'imap' in account && passwordOf(account.imap.login) === 'right'
        ? []
        : [{ service: 'imap', fault: 'credentials' }],
    now: () => new Date(),
    isColoured,
  });
  return { text, isGood, lines: text.trimEnd().split('\n'), said };
}

const mintFor = async (encryptionKey: string, flags: object = {}): Promise<string> => {
  const hosts = { imapHost: 'imap.example.com', smtpHost: 'smtp.example.com', probe: false, json: true };
  const printed = await generate({ ...hosts, ...flags }, { ENCRYPTION_KEY: encryptionKey }, new Date());
  return JSON.parse(printed).client_id;
};

describe('mail-mcp doctor', () => {
  test('of a server with good mail servers finds no fault, reads the client id from standard input, and tries a login', async () => {
    const certificates = {} as TestCertificates;
    await using imap = await GOOD_SERVERS['imap in cleartext']?.start(certificates);
    await using smtp = await GOOD_SERVERS['smtp in cleartext']?.start(certificates);
    await using app = await startApp();
    const env = { BASE_URL: app.origin, ENCRYPTION_KEY: app.key };
    const servers = {
      imapHost: imap?.host,
      imapPort: String(imap?.port),
      smtpHost: smtp?.host,
      smtpPort: String(smtp?.port),
    };
    const input = `${await mintFor(app.key, { ...servers, allowCleartext: true })}\n`;
    const answers = ['Ada', 'ada@example.com', 'ada', 'right'];
    const { isGood, lines } = await run(env, { flags: { clientId: '-', login: true }, input, answers });
    expect(lines.map((line) => line.replace(/ +/, ' ').split(':')[0])).toEqual([
      'ok settings',
      'ok client id',
      expect.stringMatching(/^ok IMAP localhost/),
      expect.stringMatching(/^ok SMTP localhost/),
      'ok /.well-known/oauth-authorization-server',
      'ok /.well-known/oauth-protected-resource/mcp',
      'ok Host header',
      'ok Authorization header',
      'ok header of 16 KiB',
      'ok X-Forwarded-For',
      'ok clock',
      'skipped S3',
      'skipped Redis',
      'ok login',
    ]);
    expect(isGood).toBe(true);
    const wrong = await run(env, { flags: { clientId: '-', login: true }, input });
    expect({ isGood: wrong.isGood, last: wrong.lines.at(-1) }).toEqual({
      isGood: false,
      last: 'failed   login: the servers do not accept the credentials. The sentences above say why.',
    });
  });

  test('reports wrong settings as one line each, and goes on with what is left', async () => {
    const { isGood, lines } = await run({
      ENCRYPTION_KEY: key(),
      BASE_URL: 'http://mail.example.com',
      TRUST_PROXY: 'true',
    });
    expect(isGood).toBe(false);
    expect(lines).toEqual([
      'failed   settings: BASE_URL must be https; http is only for localhost, 127.0.0.1 and [::1]. See docs/configuration.md.',
      'failed   settings: TRUST_PROXY must be the number of proxies, or their addresses or networks, separated by commas. See docs/configuration.md.',
      'skipped  client id: is not given, so no mail servers are tried. Add --client-id=ID, or --client-id=- to read it.',
    ]);
  });

  test('distinguishes a client id of another key from one that has ended', async () => {
    const env = { ENCRYPTION_KEY: key() };
    const of = async (clientId: string) => (await run(env, { flags: { clientId } })).text;
    expect(await of(await mintFor(key()))).toContain('failed   client id: no key decrypts it');
    const denied = { ...env, TOKENS_NOT_BEFORE: '2999-01-01T00:00:00Z' };
    const ended = await run(denied, { flags: { clientId: await mintFor(env.ENCRYPTION_KEY) } });
    expect(ended.text).toContain('failed   client id: the key decrypts it, but it has expired');
  });

  test('PROV-10 checks the provider of each connection once, with a redirect URI for each of its hosts', async () => {
    const [encryptionKey, port] = [key(), String(await freePort())];
    const connectionOf = async (issuer: string) => {
      const hosts = { imapHost: 'localhost', imapPort: port, smtpHost: 'localhost', smtpPort: port, probe: false };
      const upstream = { signIn: 'openid', upstreamIssuer: issuer, upstreamClientId: 'mail', upstreamScope: ['imap'] };
      const flags = { ...hosts, ...upstream, connection: true, json: true };
      return JSON.parse(await generate(flags, { ENCRYPTION_KEY: encryptionKey }, new Date())).default_connection;
    };
    const [one, same, other] = await Promise.all(
      ['one', 'one', 'other'].map((path) => connectionOf(`http://localhost:${port}/${path}`)),
    );
    const { text, isGood } = await run({
      ENCRYPTION_KEY: encryptionKey,
      BASE_URL: `http://localhost:${port}`,
      CLIENT_REGISTRATION: 'true',
      DEFAULT_CONNECTION: one,
      CONNECTIONS: `sales.example.com=${same},office.example.com=${other}`,
    });
    expect(isGood).toBe(false);
    for (const setting of [
      'DEFAULT_CONNECTION',
      'CONNECTIONS of sales.example.com',
      'CONNECTIONS of office.example.com',
    ]) {
      expect(text).toContain(`${setting}: the key decrypts it.`);
    }
    expect(text.match(/metadata of .*: does not arrive/g)).toHaveLength(2);
    expect(text.match(/must have .*/g)).toEqual([
      expect.stringMatching(/ http:\/\/localhost:\d+\/oauth\S+ and http:\/\/sales\.example\.com\/oauth\S+\.$/),
      expect.stringMatching(/^must have http:\/\/office\.example\.com\/oauth\S+\.$/),
    ]);
    const wrong = await run({
      ENCRYPTION_KEY: key(),
      BASE_URL: 'http://localhost',
      CONNECTIONS: `a.example=${one}`,
      CLIENT_REGISTRATION: 'true',
    });
    expect(wrong.text).toContain('failed   connections: CONNECTIONS of a.example is not valid');
  });

  test('prints JSON on request, and colours on a terminal only', async () => {
    const { text, isGood } = await run({ ENCRYPTION_KEY: 'x' }, { flags: { json: true } });
    expect(JSON.parse(text)).toMatchObject({ ok: isGood, checks: [{ name: 'settings', status: 'failed' }, {}, {}] });
    expect((await run({})).text).not.toContain('\x1b');
    expect((await run({}, { isColoured: true })).text).toContain('\x1b[31mfailed ');
  });
});
