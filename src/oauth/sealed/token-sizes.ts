/** Measures the client_id and the tokens of a reference account, and writes the table of sizes for docs/tokens.md. */
import type { MailServers } from '../../mail/account.ts';
import { SCOPES } from '../../policy.ts';
import { accountOf, type Credentials, type MailCredentials, subjectOf } from './identity.ts';
import { createKeyring, type Keyring } from './jwe.ts';
import { type AccessPayload, type ClientPayload, createTokens, type RefreshPayload } from './sealed-types.ts';

const NOW = new Date('2026-12-01T12:00:00Z');
const RESOURCE = 'https://mail.mcp.example.com';
const ID = Buffer.alloc(16, 7).toString('base64url');

/** Address of 25 characters, name of 14, password of 19, hosts of 21 each. */
const ACCOUNT: MailCredentials = {
  name: 'Ada M Lovelace',
  email: 'ada.lovelace@mail.example',
  imap: { password: 'abcd efgh ijkl mnop' },
};
const SERVERS = {
  imap: { host: 'imap.mail.example.com', port: 993, security: 'tls' as const },
  smtp: { host: 'smtp.mail.example.com', port: 465, security: 'tls' as const },
};

type Fact = 'consent' | 'time_zone' | 'identities' | 'mailbox' | 'sign_in' | 'provider_token' | 'approval' | 'custody';

interface Variation {
  client?: Partial<ClientPayload>;
  servers?: Pick<MailServers, 'authservIds'>;
  login?: Credentials;
  facts?: Pick<Partial<RefreshPayload>, Fact>;
}

const VARIATIONS: Readonly<Record<string, Variation>> = {
  'the reference account': {},
  'a password of 64 characters': { login: { ...ACCOUNT, imap: { password: 'p'.repeat(64) } } },
  'a user name of its own for IMAP, 12 characters': {
    login: { ...ACCOUNT, imap: { ...ACCOUNT.imap, username: 'ada.lovelace' } },
  },
  'two recipients and reading alone, as limits of the operator': {
    client: { policy: { methods: ['list', 'get', 'search'], recipients: ['@mail.example', 'bob@example.org'] } },
  },
  'an end and one recipient, as limits of the owner': {
    facts: { consent: { recipients: ['@mail.example'], until: 1_800_000_000 } },
  },
  'the name of one server whose results about senders are believed': {
    servers: { authservIds: ['mx.mail.example.com'] },
  },
  'a time zone': { facts: { time_zone: 'America/Argentina/Buenos_Aires' } },
  'three further addresses': {
    facts: { identities: ['ada@mail.example', 'lovelace@mail.example', 'al@mail.example'] },
  },
  'one further address with a name': { facts: { identities: ['Ada Lovelace <ada@lovelace.example>'] } },
  'the identity of the mailbox': { facts: { mailbox: ID } },
  'sign-in at a provider, with a refresh token of 100 characters': {
    facts: { sign_in: 'google', provider_token: 't'.repeat(100), approval: ID },
  },
  'sign-in at a provider, with a refresh token of 1,200 characters': {
    facts: { sign_in: 'microsoft', provider_token: 't'.repeat(1200), approval: ID },
  },
  'sign-in at a provider, with a refresh token of any length in Redis': {
    facts: { sign_in: 'microsoft', custody: ID, approval: ID },
  },
};

/** In characters. */
interface Sizes {
  client: number;
  access: number;
  refresh: number;
}

/** @returns the lengths for a public client that was minted for one preset, as they are after a refresh */
function sizesOf(keyring: Keyring, variation: Variation): Sizes {
  const { client = {}, login = ACCOUNT, facts = {} } = variation;
  const servers = { ...SERVERS, ...variation.servers };
  const tokens = createTokens(keyring);
  const minted: ClientPayload = { v: 1, name: 'Codex', presets: ['codex'], servers, ...client };
  const sub = subjectOf(keyring, { ...accountOf(login, SERVERS), mailbox: facts.mailbox });
  const { mailbox: _mailbox, ...inAccess } = facts;
  const grant = { iss: RESOURCE, aud: `${RESOURCE}/mcp`, sub, gid: ID, granted_at: NOW.getTime() / 1000 - 100_000 };
  const access: AccessPayload = {
    ...{ ...grant, client: { jti: ID, name: minted.name }, scope: [...SCOPES], login, servers },
    ...{ ...(minted.policy && { policy: minted.policy }), ...inAccess },
  };
  const refresh = { ...grant, client: ID, scope: [...SCOPES], login, redirect_host: '127.0.0.1:38659', ...facts };
  return {
    client: tokens.client.lengthOf(minted, NOW),
    access: tokens.access.lengthOf(access, NOW),
    refresh: tokens.refresh.lengthOf(refresh, NOW, undefined, '-'.repeat(22)),
  };
}

/** @returns a Markdown table: the reference account in both layouts, and what each variation adds in layout 2 */
export function tokenSizeTable(): string {
  const keyring = (layout: 1 | 2) => createKeyring({ current: Buffer.alloc(32, 1), previous: [], layout });
  const reference = sizesOf(keyring(2), {});
  const row = (name: string, { client, access, refresh }: Sizes, sign = '') =>
    `| ${name} | ${[client, access, refresh, client + access + refresh].map((size) => (size === 0 ? '' : `${size > 0 ? sign : ''}${size}`)).join(' | ')} |`;
  const rows = Object.entries(VARIATIONS).map(([name, variation], index) => {
    const sizes = sizesOf(keyring(2), variation);
    if (index === 0) return row(name, sizes);
    const { client, access, refresh } = reference;
    const added = { client: sizes.client - client, access: sizes.access - access, refresh: sizes.refresh - refresh };
    return row(name, added, '+');
  });
  const heading = '| Characters | Client id | Access token | Refresh token | Together |';
  return [heading, '|---|---|---|---|---|', row('the same in layout 1', sizesOf(keyring(1), {})), ...rows].join('\n');
}
