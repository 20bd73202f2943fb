/** Goal 5, attachments: memory that a large attachment takes on its way out (its link is fetched) and in (it is sent). */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import type { MailAccount } from '../src/mail/account.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { message } from '../test/support/mail/build-message.ts';
import { appendMessages } from '../test/support/mail/mailboxes.ts';
import { freePort } from '../test/support/servers/ports.ts';
import type { TestServers } from '../test/support/servers/servers.ts';
import type { BenchContext } from './bench-context.ts';
import { plainRow, type Row } from './row.ts';
import type { BenchServer, Call } from './server.ts';

const LARGE_BYTES = 25 * 1024 * 1024;
const WARM_UP_BYTES = 256 * 1024;
const AT_ONCE = 8;
/** Time in which the memory must return to its former level. */
const MAX_SETTLE_MS = 60_000;

interface AttachmentOwner {
  call: Call;
  /** Links to its attachments. */
  small: string;
  large: string;
}

export async function attachments(server: BenchServer, context: BenchContext): Promise<Row[]> {
  await using sink = await startSink(context.servers);
  const count = context.isQuick ? 2 : AT_ONCE;
  const owners = await Promise.all(Array.from({ length: count }, () => createOwner(server, context, sink.port)));
  const directions = [
    {
      name: 'out',
      take: ({ large }: AttachmentOwner) => download(large),
      warmUp: ({ small }: AttachmentOwner) => download(small),
    },
    {
      name: 'in',
      take: ({ call, large }: AttachmentOwner) => send(call, large),
      warmUp: ({ call, small }: AttachmentOwner) => send(call, small),
    },
  ];
  const rows: Row[] = [];
  for (const { name, take, warmUp } of directions) {
    // Small files first, so that a warm process is measured and not one that has just started.
    for (let round = 0; round < 25; round += 1) await Promise.all(owners.map(warmUp));
    for (const [atOnce, limit] of [
      [1, 20],
      [count, 100],
    ] as const) {
      const { added, settledSeconds } = await measureGrowth(server, () =>
        Promise.all(owners.slice(0, atOnce).map(take)),
      );
      const what = `25 MiB attachment ${name}, ${atOnce} at once`;
      rows.push(plainRow({ item: 5, name: `memory added by a ${what}`, unit: 'MB', ours: added }, limit));
      if (atOnce > 1) {
        rows.push(
          plainRow({ item: 5, name: `… until the former level is reached`, unit: 's', ours: settledSeconds }, 60),
        );
      }
    }
  }
  return rows;
}

/** The settings of a server that stores attachments in S3. */
export function s3Environment({ s3 }: TestServers): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_REGION: s3.region,
    AWS_S3_BUCKET: s3.bucket,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_S3_FORCE_PATH_STYLE: 'true',
  };
}

/** Goal 5, S3: memory while messages are read and their attachments are uploaded to S3. */
export async function attachmentsInS3(server: BenchServer, { servers, isQuick }: BenchContext): Promise<Row[]> {
  const count = isQuick ? 2 : AT_ONCE;
  // A stored attachment is not uploaded again, so each file is different.
  const createReader = async (sizeBytes: number) => {
    const account = newAccount({}, servers);
    const file = { filename: 'file.bin', content: Buffer.alloc(sizeBytes, randomUUID()) };
    const { INBOX } = await appendMessages(account, { INBOX: [message({ attachments: [file] })] }, servers);
    const call = await server.connect(account);
    return async () => {
      const read = { name: 'get_mail_message', arguments: { folder: 'INBOX', uid: INBOX[0] } };
      const { warnings } = await call('tools/call', read);
      if (Array.isArray(warnings) && warnings.length > 0) throw new Error(`Not stored in S3: ${warnings.join(' ')}`);
    };
  };
  const createReaders = (people: number, sizeBytes: number) =>
    Promise.all(Array.from({ length: people }, () => createReader(sizeBytes)));
  for (let round = 0; round < 10; round += 1) {
    await Promise.all((await createReaders(count, WARM_UP_BYTES)).map((read) => read()));
  }
  const rows: Row[] = [];
  for (const [reads, limit] of [
    [await createReaders(1, LARGE_BYTES), 20],
    [await createReaders(count, LARGE_BYTES), 100],
  ] as const) {
    const { added } = await measureGrowth(server, () => Promise.all(reads.map((read) => read())));
    const name = `memory added by a 25 MiB attachment to S3, ${reads.length} at once`;
    rows.push(plainRow({ item: 5, name, unit: 'MB', ours: added }, limit));
  }
  return rows;
}

async function createOwner(server: BenchServer, { servers }: BenchContext, smtpPort: number): Promise<AttachmentOwner> {
  const near = newAccount({}, servers);
  const account: MailAccount = { ...near, smtp: { ...near.smtp, server: { ...near.smtp.server, port: smtpPort } } };
  const files = [LARGE_BYTES, WARM_UP_BYTES].map((size) => ({
    filename: 'file.bin',
    content: Buffer.alloc(size, 'bench'),
  }));
  const { INBOX } = await appendMessages(account, { INBOX: [message({ attachments: files })] }, servers);
  const call = await server.connect(account);
  const { attachments: found } = await call('tools/call', {
    name: 'get_mail_message',
    arguments: { folder: 'INBOX', uid: INBOX[0] },
  });
  const [large = '', small = ''] = Array.isArray(found) ? found.map(({ url }) => String(url)) : [];
  return { call, large, small };
}

async function download(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`The link answered ${response.status}`);
  for await (const _ of response.body);
}

function send(call: Call, url: string): Promise<unknown> {
  const letter = { to: 'bob@example.test', subject: 'A file', text_body: 'See attachment.', attachment_urls: [url] };
  return call('tools/call', { name: 'send_mail_message', arguments: letter });
}

/** Peak of the resident memory above its former level in MB, and seconds until it is at most a tenth above that level. */
async function measureGrowth(server: BenchServer, work: () => Promise<unknown>) {
  await sleep(500);
  const before = server.rssMb();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, server.rssMb());
  }, 10);
  await work().finally(() => clearInterval(watch));
  const endedAt = performance.now();
  while (server.rssMb() > before * 1.1 && performance.now() - endedAt < MAX_SETTLE_MS + 1000) await sleep(100);
  return { added: peak - before, settledSeconds: (performance.now() - endedAt) / 1000 };
}

/** Starts a submission server that accepts and discards every message. */
async function startSink({ certificates }: TestServers): Promise<AsyncDisposable & { port: number }> {
  const port = await freePort();
  const { cert, key } = certificates.server;
  const sink = new SMTPServer({
    secure: true,
    cert: readFileSync(cert),
    key: readFileSync(key),
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? '' }),
    onData: (stream, _session, done) => void stream.resume().on('end', () => done()),
  });
  await new Promise<void>((resolve) => sink.listen(port, '127.0.0.1', resolve));
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void sink.close(() => resolve())) };
}
