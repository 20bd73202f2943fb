import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { createClients } from '../../src/oauth/client/clients.ts';
import { deniedClientKey } from '../../src/oauth/client/denied-clients.ts';
import { unsealNamedConnection } from '../../src/oauth/client/dynamic-clients.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { connectRedisState } from '../../src/state/redis.ts';
import type { State } from '../../src/state/state.ts';
import { unusedPort } from '../support/mail/faulty-servers.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';

let redis: TestRedis;
let state: State;
beforeAll(async () => {
  redis = await startRedis();
  state = await connectRedisState({ url: redis.url, now: () => new Date() });
});
afterAll(async () => {
  await state.close();
  await redis[Symbol.asyncDispose]();
});

const key = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
const environment = () => ({ ...key, REDIS_URL: redis.url });

async function run(argv: string[], env: NodeJS.ProcessEnv) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await main(argv, env, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  });
  return { exitCode, out: out.join(''), err: err.join('') };
}

async function minted(): Promise<{ clientId: string; jti: string }> {
  const hosts = ['--imap-host=imap.example.com', '--smtp-host=smtp.example.com', '--no-probe'];
  const { client_id: clientId } = JSON.parse((await run(['generate', ...hosts, '--json'], key)).out);
  const { jti } = JSON.parse((await run(['inspect', clientId], key)).out);
  return { clientId, jti };
}

const someJti = 'a'.repeat(22);

const isDenied = async (jti: string) => (await state.readMarks([deniedClientKey(jti)]))[0] !== null;

describe('mail-mcp deny and allow', () => {
  test('deny a client and allow it again, named by its id or its jti', async () => {
    const { clientId, jti } = await minted();
    for (const name of [clientId, jti]) {
      const denied = await run(['deny', name], environment());
      expect(denied).toMatchObject({ exitCode: 0, out: expect.stringContaining(jti), err: '' });
      expect(await isDenied(jti)).toBe(true);
      expect(await run(['allow', name], environment())).toMatchObject({ exitCode: 0, err: '' });
      expect(await isDenied(jti)).toBe(false);
    }
  });

  test('CONN-04 end a connection on every replica, and let it go on', async () => {
    const flags = ['--connection', '--domain=example.com', '--provider=gmail', '--no-probe', '--json'];
    const { default_connection: sealed } = JSON.parse((await run(['generate', ...flags], key)).out);
    const keyring = createKeyring({ current: Buffer.from(key.ENCRYPTION_KEY, 'base64'), previous: [] });
    const connection = await unsealNamedConnection(keyring, sealed, new Set());
    const clients = createClients({ keyring, now: () => new Date(), state, deniedClients: new Set() });
    for (const name of [sealed, connection.id ?? '']) {
      expect(await clients.hasEnded(connection)).toBe(false);
      expect(await run(['deny', name], environment())).toMatchObject({ exitCode: 0, err: '' });
      expect(await clients.hasEnded(connection)).toBe(true);
      expect(await run(['allow', name], environment())).toMatchObject({ exitCode: 0, err: '' });
    }
  });

  test('accept a jti that begins with a hyphen', async () => {
    const jti = `-${'a'.repeat(21)}`;
    expect(await run(['deny', jti], environment())).toMatchObject({ exitCode: 0, err: '' });
    expect(await isDenied(jti)).toBe(true);
  });

  test('refuse a value that is no client, and a client of another key, and change nothing', async () => {
    const { clientId } = await minted();
    const other = { ...environment(), ENCRYPTION_KEY: randomBytes(32).toString('base64') };
    for (const [name, env] of [
      ['not a client', environment()],
      ['--all', environment()],
      ['a'.repeat(21), environment()],
      [clientId, other],
    ] as const) {
      const { exitCode, out, err } = await run(['deny', name], env);
      expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
      expect(err).toContain('is neither a client id');
      expect(err).not.toContain(clientId);
    }
  });

  test.each(['deny', 'allow'])('%s without REDIS_URL says what is missing', async (command) => {
    const { exitCode, err } = await run([command, someJti], key);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringMatching(/^REDIS_URL is required/) });
  });

  test.each(['deny', 'allow'])('%s says that nothing was changed when Redis cannot be reached', async (command) => {
    const { port } = await unusedPort();
    const env = { ...key, REDIS_URL: `redis://127.0.0.1:${port}` };
    const { exitCode, err } = await run([command, someJti], env);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringMatching(/^Nothing was changed/) });
  });
});
