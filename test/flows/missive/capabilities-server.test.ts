/** Tests the capabilities of a Missive server that need HTTP, with one title for each; see test/mcp/missive/capabilities.test.ts for the others. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Era, startApp, type TestApp } from '../../support/app/start-app.ts';
import { type MissiveStandIn, startMissive } from '../../support/missive/stand-in.ts';

const ADMIN_TOKEN = randomBytes(32).toString('hex');
const accountAt = ({ url, token }: MissiveStandIn) => ({ url, token });

const Created = z.looseObject({ client_id: z.string(), url: z.string(), expires_at: z.string().nullable() });

async function create(app: TestApp, body: object): Promise<z.output<typeof Created>> {
  const response = await fetch(`${app.origin}/admin/clients`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return Created.parse(await response.json());
}

function listTools(origin: string, token: string | undefined): Promise<Response> {
  return fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });
}

test('capability: generated server bound to one connected account; no account owner sees the account of another', async () => {
  await using app = await startApp();
  await using first = await startMissive({ token: 'missive_pat-first' });
  await using second = await startMissive({ token: 'missive_pat-second' });
  second.data.contact_books.splice(1);
  await using ours = await app.assistant(accountAt(first));
  await using theirs = await app.assistant(accountAt(second));
  const asked = [first.requests.length, second.requests.length];
  expect(await ours.call('list_all_missive_contact_books')).toMatchObject({ contact_books: { length: 3 } });
  expect(await theirs.call('list_all_missive_contact_books')).toMatchObject({ contact_books: { length: 1 } });
  expect([first.requests.length, second.requests.length]).toEqual(asked.map((count) => count + 1));
  expect(second.requests.every(({ headers }) => headers.authorization === 'Bearer missive_pat-second')).toBe(true);
});

test('capability: self-contained URL; a client_id holds server and filters, and the secret is shown once', async () => {
  await using app = await startApp();
  await using missive = await startMissive();
  const flags = { tags: ['labels'] };
  await using assistant = await app.assistant(accountAt(missive), { flags });
  const { tools } = await assistant.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    'list_all_missive_organizations',
    'list_all_missive_shared_labels',
    'create_a_missive_shared_label',
    'update_a_missive_shared_label_by_id',
  ]);
  const { client_id, client_secret = '' } = await app.mint(accountAt(missive), flags);
  expect(client_secret.length).toBeGreaterThan(30);
  expect(client_id).not.toContain(client_secret);
  expect(app.logged()).not.toContain(client_secret);
});

test('capability: token store with low latency lookup; a new replica serves a token at once, without shared data', async () => {
  await using app = await startApp();
  await using missive = await startMissive();
  const token = await app.accessToken(accountAt(missive));
  await using replica = await app.replica();
  const response = await listTools(replica.origin, token);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('list_all_missive_contact_books');
});

test('capability: server TTL; tokens expire with their client at the latest', async () => {
  await using app = await startApp({ ADMIN_TOKEN });
  await using missive = await startMissive();
  const end = new Date(Date.now() + 120_000).toISOString();
  await using assistant = await app.assistant(accountAt(missive), { flags: { expiresAt: end } });
  expect(assistant.provider.tokens()?.expires_in).toBeLessThanOrEqual(120);
  const config = { missive: true, missive_url: missive.url };
  expect(await create(app, { name: 'Triage', config, expires_at: end })).toMatchObject({ expires_at: end });
  expect(await create(app, { name: 'Triage', config, expires_at: null })).toMatchObject({ expires_at: null });
});

test('capability: second factor; the URL alone gives no access, a valid token is needed as well', async () => {
  await using app = await startApp();
  for (const token of [undefined, 'missive_pat-stand-in-of-the-tests', randomBytes(32).toString('hex')]) {
    const response = await listTools(app.origin, token);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  }
});

test.each<[string, Era]>([
  ['2026', 'auto'],
  ['2025', 'legacy'],
])('capability: transport; one URL serves clients of the %s era', async (_, era) => {
  await using app = await startApp();
  await using missive = await startMissive();
  await using assistant = await app.assistant(accountAt(missive), { era });
  const { tools } = await assistant.client.listTools();
  expect(tools.length).toBeGreaterThan(30);
  expect(await assistant.call('list_all_missive_organizations')).toMatchObject({ organizations: [{}, {}] });
});

test('capability: UI and API creation; a name, a config and an end go in, an id, a name, a config, an end and a URL come out', async () => {
  await using app = await startApp({ ADMIN_TOKEN });
  await using missive = await startMissive();
  const tags = ['contacts', 'conversations', 'labels'];
  const config = { missive: true, missive_url: missive.url, methods: ['read', 'write'], tags };
  const created = await create(app, { name: 'Claude Missive Triage Server', config, expires_at: null });
  expect(created).toMatchObject({
    client_id: expect.any(String),
    name: 'Claude Missive Triage Server',
    config: { methods: ['read', 'write'], tags },
    expires_at: null,
    url: `${app.origin}/mcp`,
  });
});
