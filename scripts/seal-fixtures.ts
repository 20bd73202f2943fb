/**
 * Writes test/fixtures/sealed/<version>.json: sealed values of every type and derived values, made by the code of this release.
 * The tests in test/flows/earlier-releases read them with later releases. Run it before each release: `npm run seal:fixtures`.
 * Needs `redis-server`. A file that exists is never overwritten.
 */
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { Account } from '../src/account.ts';
import { createLog } from '../src/log.ts';
import { isOffered } from '../src/mcp/permit/permit.ts';
import { toolsOf } from '../src/mcp/services.ts';
import { mintClient, type NewClient, sealConnection } from '../src/oauth/client/mint-client.ts';
import { PRESETS } from '../src/oauth/client/presets.ts';
import { registeredSecret } from '../src/oauth/client/registered-client.ts';
import { createGrants, type ListedGrant } from '../src/oauth/grant/grants.ts';
import { challengeOf } from '../src/oauth/http/pkce.ts';
import { accountOf, subjectsOf } from '../src/oauth/sealed/identity.ts';
import { type AccessPayload, createTokens, type RefreshPayload } from '../src/oauth/sealed/sealed-types.ts';
import { METHODS, SCOPES } from '../src/policy.ts';
import { VERSION } from '../src/settings/version.ts';
import { createMemoryState } from '../src/state/memory.ts';
import { codeVerifier, openToClients, redirectUri, startOAuthApp } from '../test/support/app/oauth-app.ts';
import { deriveFixtures } from './derive-fixtures.ts';
import {
  assembleServer,
  at,
  attached,
  aud,
  browser,
  consent,
  cookie,
  inSeconds,
  issuer,
  type KeyName,
  keyrings,
  keys,
  mailLogin,
  mailLoginFull,
  mailPolicy,
  mailServers,
  mailServersFull,
  missiveLogin,
  missivePolicy,
  missiveServers,
  now,
  references,
  sealedAt,
  sessionOf,
} from './fixture-inputs.ts';

const sealed: Record<string, unknown>[] = [];

/** Decrypts a compact JWE by the specifications, without code of src/ (RFC 7516 §5.2, RFC 5869). @returns its payload without `typ` */
function payloadOf(token: string, typ: string, key: Buffer): Record<string, unknown> {
  const [header = '', , iv = '', text = '', tag = ''] = token.split('.');
  const derived = Buffer.from(hkdfSync('sha256', key, '', `mail-mcp/1/${typ}`, 32));
  const decipher = createDecipheriv('aes-256-gcm', derived, Buffer.from(iv, 'base64url'));
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'));
  const bytes = Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]);
  const { typ: inside, ...payload } = JSON.parse(bytes.toString('utf8'));
  if (inside !== typ) throw new Error(`${typ} was expected to be inside, not ${inside}`);
  return payload;
}

/** @returns the `jti` */
function add(
  type: string,
  name: string,
  token: string,
  more: { key?: KeyName; [field: string]: unknown } = {},
): string {
  const payload = payloadOf(token, type, keys[more.key ?? 'current']);
  sealed.push({ type, name: `${type}, ${name}`, key: 'current', ...more, token, payload });
  return String(payload.jti);
}

const named = (name: string): string => {
  const found = sealed.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return String(found.token);
};

async function sealClients(): Promise<Record<string, string>> {
  const jtis: Record<string, string> = {};
  async function mint(name: string, client: Partial<NewClient>, key: KeyName = 'current'): Promise<void> {
    const whole = {
      servers: mailServers,
      presets: [],
      redirectUris: [redirectUri],
      kind: 'public' as const,
      ...client,
    };
    const { clientId, clientSecret } = await mintClient(keyrings[key], whole, sealedAt);
    const service = 'missive' in whole.servers ? 'missive' : 'mail';
    const offered = toolsOf(service).filter((tool) => isOffered(whole.policy ?? {}, tool));
    jtis[name] = add('client_id', name, clientId, {
      key,
      secret: clientSecret,
      redirect_uris: [...whole.presets.flatMap((one) => PRESETS[one]?.redirectUris ?? []), ...whole.redirectUris],
      tools: offered.map((tool) => tool.name),
    });
  }
  const expiresAt = inSeconds(200 * 86_400);
  const full = { kind: 'confidential' as const, name: 'Test client: “all fields”', expiresAt };
  await mint('mail, minimal', {});
  await mint('mail, confidential', { kind: 'confidential', name: 'Test' });
  await mint('mail, all fields', {
    ...full,
    servers: mailServersFull,
    presets: ['claude', 'cursor'],
    policy: mailPolicy,
  });
  await mint('mail, every preset', { presets: Object.keys(PRESETS), redirectUris: [] });
  await mint('missive, minimal', { servers: missiveServers });
  await mint('missive, all fields', { ...full, servers: missiveServers, presets: ['claude'], policy: missivePolicy });
  await mint('mail, previous key', { kind: 'confidential' }, 'previous');
  const [mailNames, mailTags] = vocabularyOf('mail');
  const [missiveNames, missiveTags] = vocabularyOf('missive');
  for (const [limit, value] of Object.entries(mailPolicy)) {
    await mint(`mail, policy with ${limit} alone`, { policy: { [limit]: value } });
  }
  await mint('mail, policy with every method and tag', { policy: { methods: [...METHODS], tags: mailTags } });
  await mint('missive, policy with every method and tag', {
    servers: missiveServers,
    policy: { methods: [...METHODS], tags: missiveTags },
  });
  for (const [name, tools, servers] of [
    ['mail', mailNames, mailServers],
    ['missive', missiveNames, missiveServers],
  ] as const) {
    for (let first = 0; first < tools.length; first += 20) {
      const some = tools.slice(first, first + 20);
      await mint(`${name}, policy with tools from ${first + 1}`, { servers, policy: { tools: some } });
    }
  }
  return jtis;
}

function vocabularyOf(service: 'mail' | 'missive'): [names: string[], tags: string[]] {
  const tools = toolsOf(service);
  return [tools.map(({ name }) => name), [...new Set(tools.flatMap(({ tags }) => tags))]];
}

async function sealRegistrations(): Promise<void> {
  async function register(
    name: string,
    { key = 'current', ...said }: { key?: KeyName; name?: string; auth_method: 'client_secret_basic' | 'none' },
  ): Promise<void> {
    const tokens = createTokens(keyrings[key]);
    const id = await tokens.registered.seal({ v: 1, ...said, redirect_uris: ['http://localhost/callback'] }, sealedAt);
    const { jti } = await tokens.registered.inspect(id);
    add('dcr', name, id, { key, secret: registeredSecret(keyrings[key], { id, jti }) });
  }
  await register('minimal', { auth_method: 'none' });
  await register('all fields', { auth_method: 'client_secret_basic', name: 'Registered client' });
  await register('previous key', { auth_method: 'client_secret_basic', key: 'previous' });

  const none = { policy: {}, expiresAt: null };
  const seal = (connection: Parameters<typeof sealConnection>[1], key: KeyName = 'current') =>
    sealConnection(keyrings[key], connection, sealedAt);
  const limited = { policy: mailPolicy, expiresAt: inSeconds(100 * 86_400) };
  add('connection', 'mail, minimal', await seal({ servers: mailServers, ...none }));
  add('connection', 'mail, all fields', await seal({ servers: mailServersFull, ...limited }));
  add('connection', 'missive, minimal', await seal({ servers: missiveServers, ...none }));
  add('connection', 'mail, previous key', await seal({ servers: mailServers, ...none }, 'previous'), {
    key: 'previous',
  });
}

/** Seals the values of a sign-in, and the tokens of its grant. */
async function sealGrants(clients: Record<string, string>): Promise<void> {
  const request = { redirect_uri: redirectUri, code_challenge: challengeOf(codeVerifier), aud };
  const cases = [
    { name: 'mail, minimal', servers: mailServers, login: mailLogin, key: 'current' },
    { name: 'mail, all fields', servers: mailServersFull, login: mailLoginFull, key: 'current', isFull: true },
    { name: 'missive, minimal', servers: missiveServers, login: missiveLogin, key: 'current' },
    { name: 'missive, all fields', servers: missiveServers, login: missiveLogin, key: 'current', isFull: true },
    { name: 'mail, previous key', servers: mailServers, login: mailLogin, key: 'previous' },
  ] as const;
  for (const { name, servers, login, key, ...one } of cases) {
    const isFull = 'isFull' in one;
    const tokens = createTokens(keyrings[key]);
    const client = clients[name] ?? '';
    const scope = isFull ? (['mail.read', 'mail.send'] as const) : SCOPES;
    const agreed = isFull ? { consent: { ...consent, powers: [...consent.powers] } } : {};
    const transaction = {
      tid: `tid-${name}`,
      client_id: named(`client_id, ${name}`),
      ...request,
      ...(isFull && { state: 'a state with ü and "quotes"' }),
      scope: [...scope],
      browser,
    };
    add('transaction', name, await tokens.transaction.seal(transaction, sealedAt), { key, cookie });
    const code = { client, ...request, scope: [...scope], ...agreed, login };
    add('code', name, await tokens.code.seal(code, sealedAt), { key, code_verifier: codeVerifier });
    const [sub = ''] = subjectsOf(keyrings[key], accountOf(login, servers));
    const granted = { iss: issuer, aud, sub, gid: `grant-of-${name}`.replaceAll(/\W+/g, '-'), granted_at: at - 3600 };
    const refresh: RefreshPayload = {
      ...{ ...granted, client, scope: [...scope], ...agreed, login },
      ...(isFull && { redirect_host: 'client.example', parent: 'A'.repeat(22) }),
    };
    add('refresh', name, await tokens.refresh.seal(refresh, sealedAt), { key });
    const access: AccessPayload = {
      ...{ ...granted, client: { jti: client, name: 'Test client' }, scope: [...scope], login, servers, ...agreed },
      ...(isFull && { ends: at + 7 * 86_400, policy: 'missive' in servers ? missivePolicy : mailPolicy }),
    };
    add('access', name, await tokens.access.seal(access, sealedAt), { key });
    const dynamic: AccessPayload = { ...access, client: { ...access.client, minted: false } };
    if (isFull) add('access', `${name}, of a dynamic client`, await tokens.access.seal(dynamic, sealedAt), { key });
    const end = inSeconds(366 * 86_400);
    const personal = { ...access, ends: at + 366 * 86_400, granted_at: at };
    add('access', `${name}, personal`, await tokens.personal.seal(personal, sealedAt, end), { key });
  }
}

async function sealNotes(): Promise<void> {
  const log = createLog('ERROR', { write: () => undefined });
  async function note(name: string, account: Account, grant: Partial<ListedGrant>, key: KeyName = 'current') {
    const keyring = keyrings[key];
    const written: { list: string; id: string; text: string }[] = [];
    const memory = createMemoryState({ now });
    const state = {
      ...memory,
      note: async (list: string, id: string, text: string) => void written.push({ list, id, text }),
    };
    const [subject = ''] = subjectsOf(keyring, account);
    const whole: ListedGrant = {
      ...{
        id: `noted-${key}`,
        client: { jti: 'B'.repeat(22), name: 'Test client' },
        scope: [...SCOPES],
        powers: ['read'],
      },
      ...{ grantedAt: inSeconds(-60), until: inSeconds(90 * 86_400 - 60), ...grant },
    };
    await createGrants({ state, keyring, now, log }).record(subject, whole, inSeconds(30 * 86_400));
    await memory.close();
    for (const { list, id, text } of written) add('grant', name, text, { key, account, list, id });
  }
  const mailbox = accountOf(mailLogin, mailServers);
  const missive = accountOf(missiveLogin, missiveServers);
  const more: Partial<ListedGrant> = { redirectHost: 'client.example', recipients: ['@example.org'] };
  await note('mail, minimal', mailbox, {});
  await note('mail, all fields', accountOf(mailLoginFull, mailServersFull), { ...more, scope: ['mail.read'] });
  await note('missive, minimal', missive, {});
  await note('missive, all fields', missive, { ...more, id: 'noted-second', powers: ['read', 'organise', 'send'] });
  await note('mail, previous key', mailbox, {}, 'previous');
}

const hiddenIn = (html: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';

/** Reads the two sealed values in the pages at /account of a running authorization server. */
async function sealAccountPages(): Promise<void> {
  const headers = { cookie: `__Host-mail-mcp=${cookie}`, origin: issuer };
  const dynamicClients = { ...openToClients, connection: { servers: mailServers, policy: {}, expiresAt: null } };
  const options = { issuer, now, keys: { current: keys.current, previous: [keys.previous] }, dynamicClients };
  for (const [name, client, fields] of [
    ['mail, of a client', 'mail, all fields', { imap_username: 'Zoe.Example', imap_password: 'päss wörd' }],
    ['mail, of the default connection', '', { imap_username: 'ada@example.com', imap_password: 'test-password' }],
    ['missive, of a client', 'missive, minimal', { api_token: 'missive_pat-test-token' }],
  ] as const) {
    await using app = await startOAuthApp(options);
    const query = client === '' ? '' : `?client_id=${named(`client_id, ${client}`)}`;
    const transaction = hiddenIn(await (await app.fetch(`/account${query}`, { headers })).text(), 'transaction');
    add('account-door', name, transaction, { cookie, fields });
    const page = await (await app.post('/account', { transaction, ...fields }, headers)).text();
    add('account-visit', name, hiddenIn(page, 'session'), { cookie });
  }
}

async function sealLinks(): Promise<void> {
  for (const key of ['current', 'previous'] as const) {
    const server = await assembleServer(key);
    for (const [name, reference] of Object.entries(references)) {
      const ends = { '': inSeconds(86_400), ...(key === 'current' && { ', that ends early': inSeconds(600) }) };
      for (const [end, endsAt] of Object.entries(ends)) {
        const { attachments } = sessionOf(server, endsAt);
        const url = (await attachments.publish(attached(reference), async () => undefined)) ?? '';
        add('attachment', `${name}${end}, ${key} key`, url.slice(`${issuer}/attachments/`.length), { key });
      }
    }
    await server.close();
  }
}

const path = join(import.meta.dirname, '..', 'test', 'fixtures', 'sealed', `${VERSION}.json`);
mock.timers.enable({ apis: ['Date'], now: sealedAt });
const clients = await sealClients();
await sealRegistrations();
await sealGrants(clients);
await sealNotes();
await sealAccountPages();
await sealLinks();
const refreshTokens = sealed.filter(({ type }) => type === 'refresh').map(({ token }) => String(token));
const notes = sealed
  .filter(({ type }) => type === 'grant')
  .map(({ list, id, token }) => ({ list: String(list), id: String(id), token: String(token) }));
const content = {
  about: 'Test only: no installation has these keys, accounts or servers.',
  ...{ release: VERSION, issuer, sealed_at: sealedAt.toISOString() },
  keys: { current: keys.current.toString('base64'), previous: keys.previous.toString('base64') },
  sealed,
  derived: await deriveFixtures({ refreshTokens, notes }),
};
writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx' });
