import { describe, expect, test } from 'vitest';
import { main } from '../../../src/cli.ts';
import { unsealClient } from '../../../src/oauth/client/client.ts';
import { unsealConnection } from '../../../src/oauth/client/dynamic-clients.ts';
import { mintClient, sealConnection } from '../../../src/oauth/client/mint-client.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../../src/oauth/sealed/sealed-types.ts';
import { generateMintingKeys } from '../../../src/settings/minting-keys.ts';
import { exampleServers, testKey } from '../../support/app/oauth-app.ts';
import { startApp } from '../../support/app/start-app.ts';

const now = new Date('2026-11-29T12:00:00Z');
const later = new Date('2026-11-30T12:00:00Z');
const [operator, thief] = [generateMintingKeys(), generateMintingKeys()];
const current = testKey(1);
const layouts = [1, 2] as const;

/** Where `generate` runs. */
const generating = (pair = operator, layout: 1 | 2 = 2) =>
  createKeyring({
    current,
    previous: [],
    layout,
    minting: { publicKeys: [pair.publicKey], privateKey: pair.privateKey },
  });
/** A server. */
const serving = (since?: Date, publicKeys = [operator.publicKey]) =>
  createKeyring({ current, previous: [], minting: { publicKeys, since } });
/** A thief of ENCRYPTION_KEY. */
const withKeyAlone = (layout: 1 | 2 = 2) => createKeyring({ current, previous: [], layout });

const client = { servers: exampleServers, presets: ['claude'], redirectUris: [], kind: 'confidential' as const };
const connection = { servers: exampleServers, policy: { methods: ['list' as const] }, expiresAt: null };
const mint = async (keyring = generating()) => (await mintClient(keyring, client, now)).clientId;
const seal = (keyring = generating()) => sealConnection(keyring, connection, now);

const isUnknown = expect.objectContaining({ code: 'invalid_client' });
const openClient = (id: string, keyring = serving(), time = now) => unsealClient(createTokens(keyring), id, time);
const openConnection = (text: string, keyring = serving()) => unsealConnection(createTokens(keyring), text, now);

describe('what the operator mints, on servers with a public key', () => {
  test.each(layouts)('is accepted if it was signed, in layout %i', async (layout) => {
    const id = await mint(generating(operator, layout));
    expect(await openClient(id)).toMatchObject({ servers: exampleServers });
    expect(await openConnection(await seal(generating(operator, layout)))).toEqual({
      ...connection,
      id: expect.any(String),
    });
    expect(await openConnection(id)).toMatchObject({ servers: exampleServers });
  });

  test.each(layouts)('is refused if it was sealed with ENCRYPTION_KEY alone, in layout %i', async (layout) => {
    const id = await mint(withKeyAlone(layout));
    await expect(openClient(id)).rejects.toEqual(isUnknown);
    await expect(openConnection(id)).rejects.toMatchObject({ code: 'invalid_token' });
    await expect(openConnection(await seal(withKeyAlone(layout)))).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('is refused if another key signed it, also with a time before signatures were required', async () => {
    const id = await mint(generating(thief));
    for (const keyring of [serving(), serving(later)]) await expect(openClient(id, keyring)).rejects.toEqual(isUnknown);
  });

  test('is refused if anything of it was changed under its signature', async () => {
    const { jti, iat, exp: _exp, ...content } = await createTokens(serving()).client.inspect(await mint());
    const forge = createTokens(withKeyAlone()).client;
    expect(await openClient(await forge.seal(content, new Date(iat * 1000), undefined, jti))).toMatchObject({ jti });
    const evil = { ...exampleServers, imap: { ...exampleServers.imap, host: 'evil.example.com' } };
    const forged = await Promise.all([
      forge.seal({ ...content, servers: evil }, now, undefined, jti),
      forge.seal({ ...content, redirect_uris: ['https://evil.example.com/'] }, now, undefined, jti),
      forge.seal({ ...content, policy: {} }, now, undefined, jti),
      forge.seal(content, now, undefined, 'another-id'),
      forge.seal(content, now),
      forge.seal(content, new Date(now.getTime() - 1000), undefined, jti),
      forge.seal(content, now, later, jti),
      forge.seal({ ...content, signature: `A${content.signature?.slice(1)}` }, now, undefined, jti),
    ]);
    for (const id of forged) await expect(openClient(id, serving(later))).rejects.toEqual(isUnknown);
  });

  test('is refused if the signature is that of a value of another type', async () => {
    const { signature, jti } = await createTokens(serving()).connection.inspect(await seal());
    const { servers, policy } = connection;
    const payload = { v: 1 as const, name: 'x', servers, policy, ...(signature && { signature }) };
    await expect(
      openClient(await createTokens(withKeyAlone()).client.seal(payload, now, undefined, jti)),
    ).rejects.toEqual(isUnknown);
  });

  test('is accepted without a signature only if it was sealed before the time that the operator has set', async () => {
    const id = await mint(withKeyAlone());
    expect(await openClient(id, serving(later), later)).toMatchObject({ servers: exampleServers });
    await expect(openClient(id, serving(now))).rejects.toEqual(isUnknown);
    await expect(openClient(id, serving())).rejects.toEqual(isUnknown);
  });

  test('is accepted under each of several public keys, and under an earlier ENCRYPTION_KEY', async () => {
    const id = await mint();
    expect(await openClient(id, serving(undefined, [thief.publicKey, operator.publicKey]))).toMatchObject({ id });
    const minting = { publicKeys: [operator.publicKey] };
    expect(await openClient(id, createKeyring({ current: testKey(2), previous: [current], minting }))).toMatchObject({
      id,
    });
  });

  test('is accepted with its signature by servers that have no public key', async () => {
    expect(await openClient(await mint(), withKeyAlone())).toMatchObject({ servers: exampleServers });
  });

  test('a registered client needs no signature', async () => {
    const { registered } = createTokens(serving());
    const payload = { v: 1 as const, auth_method: 'none' as const, redirect_uris: ['http://localhost/callback'] };
    expect(await registered.unseal(await registered.seal(payload, now), now)).toMatchObject(payload);
  });
});

describe('the commands', () => {
  const base64 = (bytes: Buffer) => bytes.toString('base64');
  const key = { ENCRYPTION_KEY: base64(current) };
  const pair = { MINTING_PRIVATE_KEY: base64(operator.privateKey), MINTING_PUBLIC_KEY: base64(operator.publicKey) };
  const flags = ['--imap-host=imap.example.com', '--smtp-host=smtp.example.com', '--json', '--no-probe'];

  async function run(argv: string[], env: NodeJS.ProcessEnv) {
    const [out, err]: [string[], string[]] = [[], []];
    const exitCode = await main(argv, env, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
    return { exitCode, out: out.join(''), err: err.join('') };
  }
  const generated = async (env: NodeJS.ProcessEnv, ...more: string[]): Promise<Record<string, string>> =>
    JSON.parse((await run(['generate', ...flags, ...more], { ...key, ...env })).out);
  const inspected = async (sealed: string | undefined, env: NodeJS.ProcessEnv = {}) =>
    JSON.parse((await run(['inspect', sealed ?? ''], { ...key, ...env })).out);

  test('minting-key prints a pair that generate and servers take', async () => {
    const { out } = await run(['minting-key'], {});
    const made = Object.fromEntries(
      [...out.matchAll(/^(MINTING_\w+)=(.+)$/gm)].map(([, name = '', value]) => [name, value]),
    );
    expect(Object.keys(made)).toEqual(['MINTING_PRIVATE_KEY', 'MINTING_PUBLIC_KEY']);
    const { client_id } = await generated(made);
    const { MINTING_PUBLIC_KEY } = made;
    expect(await inspected(client_id, { MINTING_PUBLIC_KEY })).toMatchObject({ kind: 'client_id', signed: true });
  });

  test('inspect says whether a client or a connection is signed', async () => {
    const { MINTING_PUBLIC_KEY } = pair;
    for (const [flag, field] of [
      ['--preset=claude', 'client_id'],
      ['--connection', 'default_connection'],
    ] as const) {
      const signed = (await generated(pair, flag))[field];
      const unsigned = (await generated({}, flag))[field];
      expect(await inspected(signed, { MINTING_PUBLIC_KEY })).toMatchObject({ signed: true });
      expect(await inspected(unsigned, { MINTING_PUBLIC_KEY })).toMatchObject({ signed: false });
      expect(await inspected(signed)).toMatchObject({ signed: 'not verified: MINTING_PUBLIC_KEY is not set' });
      const other = { MINTING_PUBLIC_KEY: base64(thief.publicKey) };
      expect(await inspected(signed, other)).toMatchObject({ signed: 'by another key than MINTING_PUBLIC_KEY' });
    }
  });

  test.each([
    ['the public key alone', { MINTING_PUBLIC_KEY: pair.MINTING_PUBLIC_KEY }, 'MINTING_PRIVATE_KEY is required'],
    ['keys of two pairs', { ...pair, MINTING_PUBLIC_KEY: base64(thief.publicKey) }, 'not of the same pair'],
    ['a key that is none', { MINTING_PRIVATE_KEY: 'abc' }, 'MINTING_PRIVATE_KEY must be 32 bytes in base64'],
    ['a time without a key', { MINTING_SINCE: '2026-11-29T12:00:00Z' }, 'MINTING_SINCE requires MINTING_PUBLIC_KEY'],
  ])('generate refuses %s', async (_what, env, sentence) => {
    const { exitCode, out, err } = await run(['generate', ...flags], { ...key, ...env });
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain(sentence);
    expect(err).not.toContain(base64(operator.privateKey));
  });

  test('server refuses the private key', async () => {
    const { exitCode, err } = await run(['server'], { ...key, ...pair, BASE_URL: 'http://localhost:3000' });
    expect(exitCode).toBe(1);
    expect(err).toContain('MINTING_PRIVATE_KEY belongs where generate runs');
  });

  test('a server with the public key has no endpoint that mints, and takes a signed DEFAULT_CONNECTION only', async () => {
    const ADMIN_TOKEN = 'a'.repeat(32);
    const { MINTING_PUBLIC_KEY } = pair;
    await using app = await startApp({ ...key, MINTING_PUBLIC_KEY, ADMIN_TOKEN });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
    const config = { imap_host: 'imap.example.com', smtp_host: 'smtp.example.com' };
    const body = JSON.stringify({ config });
    expect((await fetch(`${app.origin}/admin/clients`, { method: 'POST', headers, body })).status).toBe(404);

    const signed = (await generated(pair, '--connection')).default_connection;
    const unsigned = (await generated({}, '--connection')).default_connection;
    await using dynamic = await startApp({
      ...key,
      MINTING_PUBLIC_KEY,
      DEFAULT_CONNECTION: signed,
      CLIENT_REGISTRATION: 'true',
    });
    expect((await fetch(`${dynamic.origin}/health`)).status).toBe(200);
    await expect(startApp({ ...key, MINTING_PUBLIC_KEY, DEFAULT_CONNECTION: unsigned })).rejects.toThrow(
      'must be signed',
    );
    await expect(startApp({ ...key, MINTING_PUBLIC_KEY, MINTING_SINCE: '2099-01-01T00:00:00Z' })).rejects.toThrow(
      'MINTING_SINCE is in the future',
    );
  });
});
