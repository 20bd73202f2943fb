/** Computes, for seal-fixtures.ts, the derived values that clients, mailboxes or stores keep when the server is upgraded. */
import { mock } from 'node:test';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { createLog } from '../src/log.ts';
import { contentOf } from '../src/mcp/mail/new-message.ts';
import { writeCursor } from '../src/mcp/missive/cursor.ts';
import { sendsKey } from '../src/mcp/permit/send-limit.ts';
import { jtiOfClient } from '../src/oauth/client/denied-clients.ts';
import { revokedGrantKey } from '../src/oauth/grant/revocation.ts';
import { createRotation } from '../src/oauth/grant/rotation.ts';
import { accountOf, subjectsOf } from '../src/oauth/sealed/identity.ts';
import { createTokens } from '../src/oauth/sealed/sealed-types.ts';
import { createMemoryState } from '../src/state/memory.ts';
import { connectRedisState } from '../src/state/redis.ts';
import { startRedis } from '../test/support/servers/redis.ts';
import {
  assembleServer,
  attached,
  inSeconds,
  keyrings,
  mailLogin,
  mailLoginFull,
  mailServers,
  mailServersFull,
  missiveLogin,
  missiveServers,
  now,
  references,
  sealedAt,
  sessionOf,
} from './fixture-inputs.ts';

const s3Environment = {
  ...{ AWS_S3_BUCKET: 'fixtures', AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test-id' },
  ...{
    AWS_SECRET_ACCESS_KEY: 'test-secret',
    AWS_ENDPOINT_URL_S3: 'https://s3.example.com',
    AWS_S3_FORCE_PATH_STYLE: 'true',
  },
};

/** A note as the state stores it. */
interface Note {
  list: string;
  id: string;
  token: string;
}

/** Presigned URLs of S3. No object is uploaded: the mocked store answers that each exists. */
async function presignedUrls() {
  mock.method(S3Client.prototype, 'send', async (command: unknown) => {
    if (!(command instanceof HeadObjectCommand)) throw new Error('Only HEAD is expected');
    return {};
  });
  const server = await assembleServer('current', s3Environment);
  const { attachments } = sessionOf(server, inSeconds(90 * 86_400));
  const urls = [];
  for (const reference of Object.values(references)) {
    urls.push({ reference, url: await attachments.publish(attached(reference), async () => undefined) });
  }
  await server.close();
  return { environment: s3Environment, urls };
}

async function messageIds() {
  const server = await assembleServer('current');
  const session = sessionOf(server, inSeconds(86_400));
  const fields = { to: 'bob@example.com', subject: 'Grüße', text_body: 'Hello', attachment_urls: [] };
  const all = { ...fields, cc: 'c@example.com', bcc: 'd@example.com', html_body: '<p>Hello</p>' };
  const made = [fields, { ...all, attachment_urls: ['https://mail.example.com/attachments/x'] }].flatMap((outgoing) =>
    ['send_mail_message', 'create_draft_mail_message'].map((tool) => {
      const idempotencyKey = 'key-1';
      return {
        tool,
        idempotencyKey,
        outgoing,
        id: session.keyedMessageId({ tool, idempotencyKey, content: contentOf(outgoing) }),
      };
    }),
  );
  await server.close();
  return made;
}

function subjects() {
  const accounts = [
    accountOf(mailLogin, mailServers),
    accountOf(mailLoginFull, mailServersFull),
    accountOf(missiveLogin, missiveServers),
  ];
  return accounts.map((account) => ({ account, subjects: subjectsOf(keyrings.current, account) }));
}

/** The jti of the refresh token that replaces each fixture. */
async function successors(tokens: readonly string[]) {
  const log = createLog('ERROR', { write: () => undefined });
  const state = createMemoryState({ now });
  const grants = { revoke: async () => undefined, recordReuse: async () => undefined };
  const rotation = createRotation({ state, replicas: 1, now, log, grants });
  const { refresh } = createTokens(keyrings.current);
  const made = [];
  for (const token of tokens) {
    const content = await refresh.inspect(token);
    made.push({ jti: content.jti, successor: (await rotation.consume(content)).jti });
  }
  await state.close();
  return made;
}

/** The entries that the state writes to Redis: marks, claims and notes. Counts expire within an hour and are left out. */
async function redisEntries(notes: readonly Note[]): Promise<object> {
  await using server = await startRedis();
  const state = await connectRedisState({ url: server.url, now });
  const until = inSeconds(30 * 86_400);
  await state.mark(revokedGrantKey('noted-current'), until);
  await state.claim('refresh:fixture', until);
  for (const { list, id, token } of notes) await state.note(list, id, token, until);
  await state.close();
  const redis = new Redis(server.url);
  const entries = [];
  for (const key of (await redis.keys('*')).sort()) {
    const isText = (await redis.type(key)) === 'string';
    entries.push({ key, ...(isText ? { value: await redis.get(key) } : { fields: await redis.hgetall(key) }) });
  }
  redis.disconnect();
  return { marked_at: sealedAt.toISOString(), entries };
}

function cursors() {
  const [tool, filters] = ['list_missive_conversations', { mailbox: 'inbox', limit: 1 }];
  return [{ offset: 50 }, { until: 1_700_000_000.5, seen: ['a', 'b'] }].map((position) => ({
    ...{ tool, filters, position, cursor: writeCursor(tool, filters, position) },
  }));
}

/** @param sealed the sealed refresh tokens, and the notes of grants */
export async function deriveFixtures(sealed: { refreshTokens: readonly string[]; notes: readonly Note[] }) {
  const url = 'https://client.example/metadata.json';
  const [client, subject] = [{ jti: 'C'.repeat(22) }, 'D'.repeat(22)];
  return {
    kids: { current: keyrings.current.current.kid, previous: keyrings.previous.current.kid },
    subjects: subjects(),
    message_ids: await messageIds(),
    successors: await successors(sealed.refreshTokens),
    document_client: { url, jti: await jtiOfClient(url, keyrings.current) },
    sends_keys: [client, { ...client, minted: false as const }].map((one) => ({
      ...{ client: one, subject, key: sendsKey({ client: one, subject }) },
    })),
    s3: await presignedUrls(),
    cursors: cursors(),
    redis: await redisEntries(sealed.notes),
  };
}
