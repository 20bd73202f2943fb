/** Sends through a provider that may save copies itself: Dovecot with Gmail's capability, and a submission that stores a copy in Sent. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createChangeLimit, openMailSession } from '../../../../src/app/mail-session.ts';
import { createExtraction } from '../../../../src/extraction/extraction.ts';
import { createImapPool } from '../../../../src/mail/pool/pool.ts';
import { createRecentResults } from '../../../../src/mail/send-once/recent-results.ts';
import { createCatalog } from '../../../../src/mcp/catalog.ts';
import { mailTools } from '../../../../src/mcp/tools/mail.ts';
import { UNLIMITED } from '../../../../src/policy.ts';
import { createMemoryState } from '../../../../src/state/memory.ts';
import { createWorkers } from '../../../../src/workers/workers.ts';
import { UNCANCELLED, unlimitedGrant } from '../../../support/app/mail-tools.ts';
import { newAccount, overCleartext } from '../../../support/mail/accounts.ts';
import { collectBytes } from '../../../support/mail/collect-bytes.ts';
import { subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';
import { startFaultProxy } from '../../../support/servers/fault-proxy.ts';
import { testServers } from '../../../support/servers/servers.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const catalog = createCatalog(mailTools);

async function send(kind: 'saves copies' | 'saves none', args: Record<string, unknown>) {
  const person = newAccount();
  const direct = overCleartext(person);
  await using proxy = await startFaultProxy({
    target: { host: direct.imap.server.host, port: testServers().imap.starttlsPort },
    protocol: 'imap',
    rewrite: (line) => line.replace('CAPABILITY IMAP4rev1', 'CAPABILITY IMAP4rev1 X-GM-EXT-1'),
  });
  const server = { host: proxy.host, port: proxy.port, security: 'cleartext' as const };
  const pool = createImapPool({ log });
  const refuse = () => Promise.reject(new Error('no attachments here'));
  const now = () => new Date();
  const workers = createWorkers({ threads: 1 });
  const services = {
    ...{ pool, workers, extraction: createExtraction() },
    store: { publish: refuse, fetchOwn: refuse },
    now,
    log,
    messageIdSecret: randomBytes(32),
    sends: { state: createMemoryState({ now }), areAllCounted: true },
    recentResults: createRecentResults({ now }),
    changes: createChangeLimit(),
    postOneClick: refuse,
  };
  const grant = unlimitedGrant({ ...direct, imap: { ...direct.imap, server } });
  const session = openMailSession(grant, services, UNCANCELLED);
  const provider: typeof session = {
    ...session,
    submit: async ({ raw, envelope }) => {
      const bytes = await collectBytes(raw);
      if (kind === 'saves copies') await withImapFlow(person, (imap) => imap.append('Sent', bytes, ['\\Seen']));
      return { accepted: envelope.to, rejected: [] };
    },
  };
  const call = { to: 'ann@example.test', subject: 'x', text_body: 'x', ...args };
  const results = [];
  for (const _ of [1, 2]) {
    results.push(await catalog.call('send_mail_message', call, UNLIMITED, provider));
    if (args.idempotency_key === undefined) break;
  }
  await Promise.all([pool.close(), workers.close()]);
  return { results, sent: await subjectsIn(person, 'Sent'), drafts: await subjectsIn(person, 'Drafts') };
}

describe.each([
  ['without a key', {}],
  ['with a key, called twice', { idempotency_key: 'k' }],
])('%s', (_name, args) => {
  test.each(['saves copies', 'saves none'] as const)(
    'with a provider that %s there is one copy, and its UID is returned',
    async (kind) => {
      const { results, sent, drafts } = await send(kind, args);
      expect({ sent, drafts }).toEqual({ sent: ['x'], drafts: [] });
      for (const result of results) expect(result).toMatchObject({ folder: 'Sent', uid: 1 });
    },
  );
});
