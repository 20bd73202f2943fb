import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { createKeyring, randomId } from '../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../src/oauth/sealed/sealed-types.ts';
import { exampleServers } from '../support/app/oauth-app.ts';

const key = randomBytes(32);
const env = { ENCRYPTION_KEY: key.toString('base64') };
const tokens = createTokens(createKeyring({ current: key, previous: [] }));

const SECRETS = ['hunter2', 'ann@example.com', 'Ann Example', 'secret-hash', 'a state', 'challenge'];
const login = { name: 'Ann Example', email: 'ann@example.com', imap: { password: 'hunter2' } };
const atMicrosoft = {
  ...{ provider: 'microsoft' as const, clientId: 'there', clientSecret: 'hunter2', tenants: ['a-tenant'] },
};
const grant = { iss: 'https://mail.example.com', aud: 'https://mail.example.com/mcp', sub: 'subject', gid: 'grant' };
const signIn = { redirect_uri: 'https://client.example/cb', code_challenge: 'challenge', aud: grant.aud };
const scope: ['mail.read'] = ['mail.read'];

async function inspected(sealed: string, environment: NodeJS.ProcessEnv = env) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await main(['inspect', sealed], environment, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
  });
  return { exitCode, out: out.join(''), err: err.join('') };
}

const sealedThings: [string, () => Promise<string>, object][] = [
  [
    'client_id',
    () =>
      tokens.client.seal(
        { v: 1, name: 'Assistant', servers: exampleServers, secret_hash: 'secret-hash'.padEnd(43, 'x') },
        new Date(),
      ),
    { name: 'Assistant', type: 'confidential', imap: 'imap.example.com:993 (tls)' },
  ],
  [
    'registered',
    () =>
      tokens.registered.seal(
        { v: 1, name: 'Assistant', auth_method: 'none', redirect_uris: ['https://client.example/cb'] },
        new Date(),
      ),
    { name: 'Assistant', auth_method: 'none', redirect_uris: ['https://client.example/cb'], expired: false },
  ],
  [
    'connection',
    () => tokens.connection.seal({ v: 1, servers: exampleServers, policy: { methods: ['list'] } }, new Date()),
    { imap: 'imap.example.com:993 (tls)', policy: { methods: ['list'] }, sign_in: 'password' },
  ],
  [
    'connection',
    () => tokens.connection.seal({ v: 1, servers: { ...exampleServers, signIn: atMicrosoft } }, new Date()),
    { sign_in: { provider: 'microsoft', client_id: 'there', tenants: ['a-tenant'] } },
  ],
  [
    'access',
    () =>
      tokens.access.seal(
        {
          ...grant,
          granted_at: 1_700_000_000,
          client: { jti: 'client', name: 'Assistant' },
          scope,
          policy: { methods: ['list'] },
          login,
          servers: exampleServers,
        },
        new Date(),
      ),
    { grant: 'grant', scope, policy: { methods: ['list'] }, granted_at: '2023-11-14T22:13:20.000Z', expired: false },
  ],
  [
    'refresh',
    () =>
      tokens.refresh.seal(
        { ...grant, granted_at: 1_700_000_000, client: 'client', scope, login },
        new Date('2020-01-01'),
      ),
    { grant: 'grant', client: 'client', expired: true },
  ],
  [
    'code',
    () => tokens.code.seal({ ...signIn, client: 'client', scope, login }, new Date()),
    { redirect_uri: 'https://client.example/cb' },
  ],
  [
    'transaction',
    () =>
      tokens.transaction.seal(
        { ...signIn, tid: randomId(), client_id: 'client', scope, state: 'a state', browser: 'secret-hash' },
        new Date(),
      ),
    { redirect_uri: 'https://client.example/cb', scope },
  ],
];

describe('mail-mcp inspect', () => {
  test.each(sealedThings)('prints what a %s contains, without its secrets', async (kind, seal, content) => {
    const { exitCode, out, err } = await inspected(await seal());
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ kind, ...content });
    for (const secret of SECRETS) expect(out).not.toContain(secret);
  });

  test('decrypts values of an earlier key, and none of another server', async () => {
    const [, seal = () => Promise.resolve('')] = sealedThings[0] ?? [];
    const sealed = await seal();
    const next = randomBytes(32).toString('base64');
    const rotated = { ENCRYPTION_KEY: next, ENCRYPTION_KEYS_PREVIOUS: env.ENCRYPTION_KEY };
    expect((await inspected(sealed, rotated)).exitCode).toBe(0);
    expect(await inspected(sealed, { ENCRYPTION_KEY: next })).toEqual({
      exitCode: 1,
      out: '',
      err: 'This is no client id and no token that ENCRYPTION_KEY or one of the earlier keys decrypts.\n',
    });
  });
});
