/** Checks how `mail-mcp server` listens: its address, what the log says of it, and how long idle connections are kept. */
import { randomBytes } from 'node:crypto';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generate } from '../../src/commands/generate.ts';
import { type RunningServer, startServer } from '../../src/commands/server.ts';
import { createLog } from '../../src/log.ts';
import { readConfig } from '../../src/settings/config.ts';
import { freePort } from '../support/servers/ports.ts';

const lines: string[] = [];
let server: RunningServer;

beforeAll(async () => {
  const PORT = String(await freePort());
  const ENCRYPTION_KEY = randomBytes(32).toString('base64');
  // As in a container whose port is published on the host.
  const config = readConfig({ BASE_URL: `http://localhost:${PORT}`, ENCRYPTION_KEY, PORT, HOST: '*' });
  server = await startServer(config, createLog('INFO', { write: (line) => void lines.push(line) }));
});
afterAll(() => server.stop());

function request(host: string, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host, port: server.port, path: '/health', agent }, resolve).once('error', reject);
  });
}

describe('mail-mcp server', () => {
  test('RUN-02 with HOST=* listens on every address, whatever BASE_URL is, and the log names the address', async () => {
    expect((await request('127.0.0.2')).statusCode).toBe(200);
    const { msg, address, port } = JSON.parse(lines[0] ?? '');
    expect({ msg, port }).toEqual({ msg: 'listening', port: server.port });
    expect(['::', '0.0.0.0']).toContain(address);
  });

  test('a health check that goes well is not in the log at INFO, and other requests are', async () => {
    const answered = async (path: string) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).text();
    await answered('/health');
    await answered('/ready');
    await answered('/missing');
    const requests = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
    expect(requests.map(({ route, status }) => [route, status])).toEqual([['none', 404]]);
  });

  test('RUN-03 keeps idle connections longer than reverse proxies do, which send POST over them', async () => {
    const agent = new Agent({ keepAlive: true });
    const response = await request('127.0.0.1', agent);
    await text(response);
    const [, seconds] = /timeout=(\d+)/.exec(String(response.headers['keep-alive'])) ?? [];
    expect(Number(seconds)).toBeGreaterThan(120);
    agent.destroy();
  });

  test.each([
    ['google', 'gmail.com', {}, 'is not registered: set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET'],
    ['fastmail', 'fastmail.com', { FASTMAIL_CLIENT_ID: 'x', REPLICAS: '2' }, 'several replicas need REDIS_URL'],
  ])(
    'PROV-09 does not start with a connection at which no sign-in is possible: %s',
    async (signIn, domain, settings, sentence) => {
      const keys = { BASE_URL: 'http://localhost:3000', ENCRYPTION_KEY: randomBytes(32).toString('base64') };
      const flags = { connection: true, signIn, imapHost: `imap.${domain}`, smtpHost: `smtp.${domain}` };
      const printed = await generate({ ...flags, probe: false, json: true }, keys, new Date());
      const { default_connection: DEFAULT_CONNECTION } = JSON.parse(printed);
      const starting = startServer(readConfig({ ...keys, ...settings, DEFAULT_CONNECTION }));
      await expect(starting).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(new RegExp(`^DEFAULT_CONNECTION: accounts sign in at .*${sentence}`)),
      });
    },
  );
});
