/** Checks that what earlier releases sealed still decrypts, as itself and until its end, and that derived values are still the same. */
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { assemble } from '../../../src/app/assemble.ts';
import { createLog } from '../../../src/log.ts';
import { contentOf } from '../../../src/mcp/mail/new-message.ts';
import { readCursor } from '../../../src/mcp/missive/cursor.ts';
import { isOffered } from '../../../src/mcp/permit/permit.ts';
import { sendsKey } from '../../../src/mcp/permit/send-limit.ts';
import { toolsOf } from '../../../src/mcp/services.ts';
import { unsealClient } from '../../../src/oauth/client/client.ts';
import { jtiOfClient } from '../../../src/oauth/client/denied-clients.ts';
import { unsealConnection } from '../../../src/oauth/client/dynamic-clients.ts';
import { registeredSecret } from '../../../src/oauth/client/registered-client.ts';
import { createRotation } from '../../../src/oauth/grant/rotation.ts';
import { sha256 } from '../../../src/oauth/http/constant-time.ts';
import { subjectsOf } from '../../../src/oauth/sealed/identity.ts';
import { createKeyring, type Keyring, type Sealer } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../../src/oauth/sealed/sealed-types.ts';
import { SCOPES } from '../../../src/policy.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import {
  type Fixtures,
  keyringOf,
  ofType,
  SEALED_TYPES,
  type SealedType,
  sealedFixtures,
  serviceIn,
} from '../../support/app/sealed-fixtures.ts';

function sealedTypes(keyring: Keyring): Record<SealedType, Pick<Sealer<object>, 'unseal' | 'inspect'>> {
  const { client: client_id, registered: dcr, accountSignIn, accountSession, ...others } = createTokens(keyring);
  return { ...others, client_id, dcr, 'account-door': accountSignIn, 'account-visit': accountSession };
}

const atSecond = (seconds: number): Date => new Date(seconds * 1000);
const isNotValid = expect.objectContaining({ code: 'invalid_token' });
const log = createLog('ERROR', { write: () => undefined });

describe.each(sealedFixtures)('values sealed by release $release', (fixtures) => {
  const { sealed_at: sealedAt, sealed: all } = fixtures;
  const types = sealedTypes(keyringOf(fixtures));

  test('there are two or more of each type', () => {
    for (const type of SEALED_TYPES) expect(ofType(fixtures, type).length, type).toBeGreaterThan(1);
  });

  test.each(all)('$name: decrypts to exactly its payload', async ({ type, token, payload }) => {
    const { typ: _, ...content } = { typ: type, ...(await types[type].unseal(token, sealedAt)) };
    expect(content).toEqual(payload);
  });

  test.each(all)(
    '$name: decrypts from the time when it was sealed until it expires',
    async ({ type, token, payload }) => {
      const { unseal } = types[type];
      await expect(unseal(token, atSecond(payload.iat - 301))).rejects.toEqual(isNotValid);
      await expect(unseal(token, atSecond(payload.iat - 300))).resolves.toMatchObject({ jti: payload.jti });
      if (payload.exp === undefined) {
        await expect(unseal(token, atSecond(payload.iat + 100 * 366 * 86_400))).resolves.toMatchObject({
          jti: payload.jti,
        });
      } else {
        await expect(unseal(token, atSecond(payload.exp - 1))).resolves.toMatchObject({ jti: payload.jti });
        await expect(unseal(token, atSecond(payload.exp))).rejects.toEqual(isNotValid);
      }
    },
  );

  test.each(all)('$name: is refused as any other type', async ({ type, token }) => {
    for (const other of SEALED_TYPES.filter((one) => one !== type)) {
      await expect(types[other].inspect(token), other).rejects.toEqual(isNotValid);
    }
  });

  test('each needs the key that it was sealed with', async () => {
    const alone = {
      current: sealedTypes(createKeyring({ current: fixtures.keys.current, previous: [] })),
      previous: sealedTypes(createKeyring({ current: fixtures.keys.previous, previous: [] })),
    };
    for (const { type, token, key, name } of all) {
      const other = key === 'current' ? 'previous' : 'current';
      await expect(alone[key][type].unseal(token, sealedAt), name).resolves.toBeDefined();
      await expect(alone[other][type].unseal(token, sealedAt), name).rejects.toEqual(isNotValid);
    }
  });

  test('TOKENS_NOT_BEFORE invalidates exactly what was sealed earlier', async () => {
    const ended = sealedTypes(keyringOf(fixtures, new Date(sealedAt.getTime() + 1000)));
    const good = sealedTypes(keyringOf(fixtures, sealedAt));
    for (const { type, token, name } of all) {
      await expect(ended[type].unseal(token, sealedAt), name).rejects.toEqual(isNotValid);
      await expect(good[type].unseal(token, sealedAt), name).resolves.toBeDefined();
    }
  });
});

describe.each(sealedFixtures)('clients and connections of release $release', (fixtures) => {
  const { sealed_at: sealedAt } = fixtures;
  const keyring = keyringOf(fixtures);
  const tokens = createTokens(keyring);

  test.each(ofType(fixtures, 'client_id'))('$name: has its redirect URIs, secret and limits', async (fixture) => {
    const { token, payload, secret, redirect_uris: redirectUris } = fixture;
    const client = await unsealClient(tokens, token, sealedAt);
    const { jti, servers, policy = {} } = payload;
    expect(client).toMatchObject({ origin: 'minted', jti, servers, id: token });
    expect(client.policy).toEqual(policy);
    expect(client.redirectUris).toEqual(expect.arrayContaining(redirectUris));
    expect(client.secretHash).toBe(typeof secret === 'string' ? sha256(secret) : null);
    expect(client.expiresAt).toEqual(payload.exp === undefined ? null : atSecond(payload.exp));
  });

  test.each(ofType(fixtures, 'client_id'))('$name: its policy offers the tools that it did', async (fixture) => {
    const { policy } = await unsealClient(tokens, fixture.token, sealedAt);
    const offered = toolsOf(serviceIn(fixture)).filter((tool) => isOffered(policy, tool));
    expect(offered.map(({ name }) => name)).toEqual(expect.arrayContaining(fixture.tools));
  });

  test.each(ofType(fixtures, 'dcr'))('$name: has the same secret', ({ token: id, payload: { jti }, secret }) => {
    expect(registeredSecret(keyring, { id, jti })).toBe(secret);
  });

  test.each(ofType(fixtures, 'connection'))('$name: is accepted as DEFAULT_CONNECTION', async ({ token, payload }) => {
    expect(await unsealConnection(tokens, token, sealedAt)).toMatchObject({
      servers: payload.servers,
      policy: payload.policy ?? {},
      expiresAt: payload.exp === undefined ? null : atSecond(payload.exp),
    });
  });

  test.each(ofType(fixtures, 'client_id'))('$name: is accepted as DEFAULT_CONNECTION', async ({ token, payload }) => {
    const { servers, policy = {} } = payload;
    expect(await unsealConnection(tokens, token, sealedAt)).toMatchObject({ servers, policy });
  });

  test('a client known by the URL of its document has the same jti', async () => {
    const { url, jti } = fixtures.derived.document_client;
    expect(await jtiOfClient(url, keyring)).toBe(jti);
  });
});

/** A server without a port, and the session of a mail grant. */
async function sessionOf({ issuer, keys }: Fixtures, account: SealedAccount, environment: Record<string, string> = {}) {
  const key = keys.current.toString('base64');
  const server = await assemble(readConfig({ BASE_URL: issuer, ENCRYPTION_KEY: key, ...environment }), log);
  const endsAt = new Date(Date.now() + 90 * 86_400_000);
  const grant = { jti: 'a', grantId: 'b', subject: 'c', expiresAt: endsAt, endsAt };
  const mailGrant = {
    ...{ ...grant, client: { jti: 'd', name: 'Test client' }, permit: { scope: SCOPES, consent: {}, policy: {} } },
    account: {
      service: 'mail' as const,
      ...{ fullName: 'Ada Example', email: 'ada@example.com', imap: account, smtp: account },
    },
  };
  const session = server.services.openMailSession(mailGrant, { cancelled: new AbortController().signal });
  return { session, [Symbol.asyncDispose]: () => server.close() };
}
type SealedAccount = Fixtures['derived']['s3']['urls'][number]['reference']['imap'];

describe.each(sealedFixtures)('values derived by release $release', (fixtures) => {
  const { derived, sealed_at: sealedAt } = fixtures;
  const keyring = keyringOf(fixtures);
  const [attachment] = derived.s3.urls;
  if (attachment === undefined) throw new Error('The fixtures have no attachment');
  const account = attachment.reference.imap;

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('the names of the keys', () => {
    const [current, previous] = keyring.all.map(({ kid }) => kid);
    expect({ current, previous }).toEqual(derived.kids);
  });

  test.each(derived.subjects)('the subjects of an account, under each key', ({ account: one, subjects }) => {
    expect(subjectsOf(keyring, one)).toEqual(subjects);
  });

  test('the subject does not depend on the case of the user name', () => {
    for (const { account: one, subjects } of derived.subjects) {
      if (!('imap' in one)) continue;
      const { server, login } = one.imap;
      const upper = { imap: { server, login: { username: login.username.toUpperCase() } } };
      expect(subjectsOf(keyring, upper)).toEqual(subjects);
    }
  });

  test.each(derived.message_ids)('the Message-ID of an idempotency key ($tool)', async ({ id, outgoing, ...call }) => {
    await using opened = await sessionOf(fixtures, account);
    const { cc, bcc, html_body, ...always } = outgoing;
    const fields = { ...always, ...(cc && { cc }), ...(bcc && { bcc }), ...(html_body && { html_body }) };
    expect(await opened.session.keyedMessageId({ ...call, content: contentOf(fields) })).toEqual(id);
  });

  test.each(derived.successors)('the successor of the refresh token $jti', async ({ jti, successor }) => {
    const now = () => sealedAt;
    const fixture = fixtures.sealed.find(({ payload }) => payload.jti === jti);
    const token = await createTokens(keyring).refresh.unseal(fixture?.token ?? '', sealedAt);
    const state = createMemoryState({ now });
    const grants = { revoke: async () => undefined, recordReuse: async () => undefined };
    const rotation = createRotation({ state, replicas: 1, now, log, grants });
    expect(await rotation.consume(token)).toEqual({ jti: successor, since: sealedAt });
    await state.close();
  });

  test.each(derived.sends_keys)('the count of sent messages $key', ({ client, subject, key }) => {
    expect(sendsKey({ client, subject })).toBe(key);
  });

  test.each(derived.cursors)('the cursor $cursor', ({ tool, filters, position, cursor }) => {
    expect(readCursor(tool, filters, cursor)).toEqual(position);
  });

  test.each(derived.s3.urls)('the name of an object in S3, and its presigned URL', async ({ reference, url }) => {
    vi.useFakeTimers({ toFake: ['Date'], now: sealedAt });
    // The store answers that every object exists.
    vi.spyOn(S3Client.prototype, 'send').mockImplementation(async () => ({}));
    await using opened = await sessionOf(fixtures, account, derived.s3.environment);
    const attached = { ...reference, filename: 'report.pdf', contentType: 'application/pdf', sizeBytes: 1000 };
    expect(await opened.session.attachments.publish(attached, async () => undefined)).toBe(url);
  });

  test.each(derived.s3.urls)('a presigned URL is accepted for seven days', async ({ url }) => {
    const send = vi.spyOn(S3Client.prototype, 'send').mockRejectedValue(new Error('The object was asked for'));
    const fetchAt = async (seconds: number) => {
      vi.useFakeTimers({ toFake: ['Date'], now: sealedAt.getTime() + seconds * 1000 });
      await using opened = await sessionOf(fixtures, account, derived.s3.environment);
      return opened.session.attachments.fetchOwn(url, 1000);
    };
    const asked = { name: 'UpstreamError', service: 'S3' };
    await expect(fetchAt(7 * 86_400 - 1)).rejects.toMatchObject(asked);
    expect(send).toHaveBeenCalledTimes(1);
    await expect(fetchAt(7 * 86_400 + 1)).rejects.toMatchObject({ name: 'ToolError' });
    expect(send).toHaveBeenCalledTimes(1);
  });
});
