/** Declares the keys, servers, accounts and limits that seal-fixtures.ts seals. None of them exists outside of tests. */
import type { Servers } from '../src/account.ts';
import { assemble } from '../src/app/assemble.ts';
import type { AttachmentRef } from '../src/attachments/store.ts';
import { createLog } from '../src/log.ts';
import { sha256 } from '../src/oauth/http/constant-time.ts';
import type { Credentials } from '../src/oauth/sealed/identity.ts';
import { createKeyring } from '../src/oauth/sealed/jwe.ts';
import { type Policy, SCOPES } from '../src/policy.ts';
import { readConfig } from '../src/settings/config.ts';
import { testKey } from '../test/support/app/oauth-app.ts';

export const sealedAt = new Date(Math.floor(Date.now() / 60_000) * 60_000);
export const now = () => sealedAt;
export const inSeconds = (seconds: number) => new Date(sealedAt.getTime() + seconds * 1000);
export const at = Math.floor(sealedAt.getTime() / 1000);

export const issuer = 'https://mail.example.com';
export const aud = `${issuer}/mcp`;
export const keys = { current: testKey(101), previous: testKey(102) };
export type KeyName = keyof typeof keys;
export const keyrings = {
  current: createKeyring({ current: keys.current, previous: [keys.previous] }),
  previous: createKeyring({ current: keys.previous, previous: [] }),
};
export const cookie = 'fixture'.padEnd(43, '-');
export const browser = sha256(cookie);

export const mailServers: Servers = {
  imap: { host: 'imap.example.com', port: 993, security: 'tls' },
  smtp: { host: 'smtp.example.com', port: 465, security: 'tls' },
};
export const mailServersFull: Servers = {
  imap: { host: 'imap.example.com', port: 143, security: 'starttls' },
  smtp: { host: 'smtp.example.com', port: 25, security: 'cleartext' },
  sentCopy: 'always',
};
export const missiveServers: Servers = { missive: { url: 'https://missive.example.com/v1' } };
export const mailLogin: Credentials = {
  name: 'Ada Example',
  email: 'ada@example.com',
  imap: { password: 'test-password' },
};
export const mailLoginFull: Credentials = {
  name: 'Zoë Example',
  email: 'zoe@example.com',
  imap: { username: 'Zoe.Example', password: 'päss wörd' },
  smtp: { username: 'zoe-smtp', password: 'another "password"' },
};
export const missiveLogin: Credentials = { missive_token: 'missive_pat-test-token' };

export const mailPolicy: Policy = {
  methods: ['list', 'get', 'search', 'create', 'send'],
  tags: ['messages', 'drafts'],
  tools: ['list_mail_messages', 'get_mail_message', 'search_mail_messages', 'send_mail_message'],
  folders: ['INBOX', 'Projekte/*', 'Entwürfe'],
  recipients: ['bob@example.com', '@example.org'],
  max_sends_per_hour: 5,
};
export const missivePolicy: Policy = { methods: ['list', 'get', 'update', 'send'], max_sends_per_hour: 0 };
export const consent = { powers: ['read', 'send'] as const, recipients: ['@example.org'], until: at + 7 * 86_400 };

/** Assembles a whole server without a port. */
export async function assembleServer(key: KeyName, more: NodeJS.ProcessEnv = {}) {
  const env = { BASE_URL: issuer, ENCRYPTION_KEY: keys[key].toString('base64'), MAIL_MCP_LOG_LEVEL: 'ERROR', ...more };
  return assemble(readConfig(env), createLog('ERROR', { write: () => undefined }));
}

/** An account at a port where nothing listens: links to it are accepted, and then fail to connect. */
const imap = {
  server: { host: 'localhost', port: 1, security: 'cleartext' },
  login: { kind: 'password', username: 'ada@example.com', password: 'test-password' },
} as const;
export const references: Record<string, AttachmentRef> = {
  'a part of INBOX': { imap, mailbox: 'INBOX', uidValidity: '1', uid: 1, part: '2' },
  'a part of another mailbox': {
    ...{ imap, mailbox: 'Projekte/Entwürfe & mehr', uidValidity: '4294967295' },
    ...{ uid: 4_294_967_295, part: '1.2.3' },
  },
};
export const attached = (reference: AttachmentRef) => ({
  ...{ ...reference, filename: 'report.pdf', contentType: 'application/pdf', sizeBytes: 1000 },
});

export function sessionOf({ services }: Awaited<ReturnType<typeof assemble>>, endsAt: Date) {
  const account = { service: 'mail' as const, fullName: 'Ada Example', email: 'ada@example.com', imap, smtp: imap };
  const client = { jti: 'C'.repeat(22), name: 'Test client' };
  const grant = {
    ...{ account, client, permit: { scope: SCOPES, consent: {}, policy: {} }, subject: 'D'.repeat(22), endsAt },
    ...{ jti: 'E'.repeat(22), grantId: 'F'.repeat(22), expiresAt: endsAt },
  };
  return services.openMailSession(grant, { cancelled: new AbortController().signal });
}
