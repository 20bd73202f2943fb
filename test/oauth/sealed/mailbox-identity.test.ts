import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createGrants } from '../../../src/oauth/grant/grants.ts';
import { mailboxIdOf, subjectOf, subjectsOf } from '../../../src/oauth/sealed/identity.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { exampleServers, startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, submit } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, refreshGrant } from '../../support/app/token-requests.ts';

/** The part of the response of `/mcp` that names the account. */
const Mcp = z.looseObject({ subject: z.string() });

const inbox = { uidValidity: '1763726400' };

const named = (username: string, host = 'imap.example.com') => ({
  imap: { server: { host, port: 993 }, login: { username } },
});

const idOf = (username: string, of: { uidValidity: string; mailboxId?: string } = inbox, host?: string) =>
  mailboxIdOf(named(username, host), of);

describe('the id of a mailbox', () => {
  test.each(['U', 'u@a.test', 'u@b.test', 'U@A.Test', 'ｕ@a.test', 'u\u00ad@a.test'])(
    'is the same for the name %s and the bare one',
    (name) => {
      expect(idOf(name)).toBe(idOf('u'));
    },
  );

  test.each([
    ['another local part', idOf('u+tag@a.test')],
    ['a dot more', idOf('u.v')],
    ['another host', idOf('u', inbox, 'imap.example.org')],
    ['another UIDVALIDITY', idOf('u', { uidValidity: '1763726401' })],
    ['another MAILBOXID', idOf('u', { ...inbox, mailboxId: 'F6352ae03-b7f5-463c-896f-d8b48ee3' })],
  ])('differs for %s', (_what, other) => {
    expect(other).not.toBe(idOf('u'));
  });

  test.each([
    ['a UIDVALIDITY that is counted up from one', { uidValidity: '14' }],
    ['a UIDVALIDITY of one', { uidValidity: '1' }],
    ['a MAILBOXID that is unique in one account only', { uidValidity: '7', mailboxId: 'a' }],
  ])('distinguishes domains where the server has %s', (_what, of) => {
    expect(idOf('info@a.test', of)).not.toBe(idOf('info@b.test', of));
    expect(idOf('INFO@A.test', of)).toBe(idOf('info@a.test', of));
  });

  test('is the same in all names where the MAILBOXID alone is unique', () => {
    const of = { uidValidity: '1', mailboxId: 'F6352ae03-b7f5-463c-896f-d8b48ee3' };
    expect(idOf('info@a.test', of)).toBe(idOf('info', of));
  });
});

describe('the subject of an account', () => {
  const keyring = createKeyring({ current: testKey(), previous: [testKey(2)] });
  const account = (username: string) => ({ ...named(username), mailbox: idOf(username) });

  test('is that of the mailbox where it is known, and that of the typed name elsewhere', () => {
    expect(subjectOf(keyring, account('u@a.test'))).toBe(subjectOf(keyring, account('U')));
    expect(subjectOf(keyring, named('u@a.test'))).not.toBe(subjectOf(keyring, account('u@a.test')));
    expect(subjectOf(keyring, named('U@a.test'))).toBe(subjectOf(keyring, named('u@a.test')));
  });

  test('is found under every key, by the mailbox and by the typed name', () => {
    const before = createKeyring({ current: testKey(2), previous: [] });
    const subjects = subjectsOf(keyring, account('u'));
    expect(subjects).toHaveLength(4);
    for (const ring of [keyring, before]) {
      expect(subjects).toContain(subjectOf(ring, account('u@b.test')));
      expect(subjects).toContain(subjectOf(ring, named('u')));
    }
  });
});

describe('a sign-in under several names of one mailbox', () => {
  const names = ['u', 'u@a.test', 'U@B.test'];

  async function grantUnder(app: Awaited<ReturnType<typeof startOAuthApp>>, name: string) {
    const client = await app.mint({ kind: 'public' });
    const response = await submit(app, await openSignIn(app, client), { ...ada, imap_username: name });
    const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const tokens = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    const mcp = await app.fetch('/mcp', { headers: { authorization: `Bearer ${tokens.access_token}` } });
    const { subject } = Mcp.parse(await mcp.json());
    return { ...tokens, client, subject };
  }

  test('gives one subject, and one list of grants that ends them all', async () => {
    await using app = await startOAuthApp({ isShared: true, inboxOf: () => inbox });
    const granted = [];
    for (const name of names) granted.push(await grantUnder(app, name));
    expect(new Set(granted.map(({ subject }) => subject)).size).toBe(1);
    const grants = createGrants({ ...app, log: { debug() {}, info() {}, warn() {}, error() {} } });
    const account = { ...named('u@c.test'), mailbox: idOf('u@c.test') };
    expect(await grants.list(account)).toHaveLength(3);
    app.advance(5);
    await grants.revokeAll(account);
    for (const { access_token } of granted) {
      const response = await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } });
      expect(response.status).toBe(401);
    }
  });

  test('keeps the mailbox through a refresh', async () => {
    await using app = await startOAuthApp({ isShared: true, inboxOf: () => inbox });
    const { refresh_token = '', client, subject } = await grantUnder(app, 'u@a.test');
    const form = refreshGrant(client, refresh_token);
    const { access_token } = await answerOf(await app.post('/oauth/token', form));
    const mcp = await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } });
    expect(await mcp.json()).toMatchObject({ subject });
  });

  test('is listed under its name where the server does not say which mailbox it is', async () => {
    let isSaid = true;
    await using app = await startOAuthApp({ isShared: true, inboxOf: () => (isSaid ? inbox : undefined) });
    await grantUnder(app, 'u');
    isSaid = false;
    await grantUnder(app, 'u');
    const grants = createGrants({ ...app, log: { debug() {}, info() {}, warn() {}, error() {} } });
    expect(await grants.list({ imap: { server: exampleServers.imap, login: { username: 'u' } } })).toHaveLength(2);
    expect(await grants.list({ ...named('u'), mailbox: idOf('u') })).toHaveLength(2);
  });
});
