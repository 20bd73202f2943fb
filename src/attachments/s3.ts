import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, NotFound, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { create, parse } from 'content-disposition';
import { ToolError, UpstreamError } from '../errors.ts';
import { describeError, type Log } from '../log.ts';
import { canonicalMailboxName } from '../mail/imap/mailbox-name.ts';
import type { Config } from '../settings/config.ts';
import { createSemaphore } from '../state/semaphore.ts';
import { expired, notOurs, notReadable } from './links.ts';
import { keepOrReopen, openLent } from './reread-stream.ts';
import { PART_BYTES, uploadInParts } from './s3-upload.ts';
import type { Attached, AttachmentStore, LendBytes, OwnFile, Reader } from './store.ts';

/** Attachments in S3: each is uploaded once, streamed from IMAP, and handed out as a presigned URL. Door to the AWS SDK. */

/** The longest that Signature Version 4 allows. */
const URL_SECONDS = 7 * 24 * 3600;
const PREFIX = 'attachments/';
/** With HEAD_MS and the wait for a place shorter than a client waits for the answer of a tool (a minute, mostly). */
const UPLOAD_MS = 35_000;
/** Whether a file is there already is one small answer; a store that has none by then is taken for down. */
const HEAD_MS = 4_000;
/** What most attachments are; they do not wait for large ones that come from a slow server. */
const SMALL_BYTES = 512 * 1024;
/** Each upload has a buffer as long as a part, or SMALL_BYTES, beside what was read and not yet copied. */
const UPLOADS = { places: 3, placesPerKey: 2, maxWaitMs: 20_000 };
const SMALL_UPLOADS = { places: 16, placesPerKey: 4, maxWaitMs: 10_000 };

export interface S3Options {
  s3: NonNullable<Config['s3']>;
  /** Makes object names that tell nothing and that nobody can guess. */
  nameKey: Buffer;
  now: () => Date;
  log: Log;
}

export function createS3Store({ s3, nameKey, now, log }: S3Options): AttachmentStore & { close(): void } {
  const { bucket: Bucket } = s3;
  const client = createClient(s3);
  const large = { uploads: createSemaphore(UPLOADS), buffers: createBuffers(PART_BYTES) };
  const small = { uploads: createSemaphore(SMALL_UPLOADS), buffers: createBuffers(SMALL_BYTES) };

  const sign = (Key: string, signedAt: Date, expiresIn: number) =>
    getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn, signingDate: signedAt });

  async function upload(Key: string, attached: Attached, lend: LendBytes): Promise<void> {
    if (await exists(client, Bucket, Key)) return;
    const object = {
      Bucket,
      Key,
      ContentType: attached.contentType,
      ContentDisposition: create(attached.filename),
    };
    const { uploads, buffers } = attached.sizeBytes <= SMALL_BYTES ? small : large;
    const copy = () =>
      buffers.lend((buffer) =>
        lend((body) => uploadInParts(client, object, { body, buffer, signal: AbortSignal.timeout(UPLOAD_MS) })),
      );
    await uploads.run(personOf(attached), copy);
  }

  /** @throws {ToolError} unless the URL is, byte for byte, one that we sign at the time it names */
  async function keyOf(url: string): Promise<string> {
    const { key, signedAt, expiresIn } = readPresigned(url);
    if (!key.startsWith(PREFIX)) throw notOurs();
    const ours = new URL(await sign(key, signedAt, expiresIn));
    const given = new URL(url);
    if (given.origin !== ours.origin || given.pathname !== ours.pathname) throw notOurs();
    if (!isEqual(given.searchParams.get('X-Amz-Signature'), ours.searchParams.get('X-Amz-Signature'))) throw expired();
    if (signedAt.getTime() + expiresIn * 1000 < now().getTime()) throw expired();
    return key;
  }

  async function requireReadable(key: string, { imap, readable }: Reader): Promise<void> {
    const mailboxes = (await readable?.())?.map((mailbox) => mailboxOf({ imap, mailbox }, nameKey));
    if (mailboxes?.some((mailbox) => key.startsWith(`${PREFIX}${mailbox}/`)) === false) throw notReadable();
  }

  return {
    async publish(attached, lend, notAfter) {
      const key = `${PREFIX}${mailboxOf(attached, nameKey)}/${nameOf(attached, nameKey)}`;
      try {
        await upload(key, attached, lend);
        return await sign(key, now(), secondsUntil(notAfter, now()));
      } catch (error) {
        log.warn({ service: 'S3', error: describeError(error) }, 'attachment not published');
        return null;
      }
    },
    async fetchOwn(url, reader, maxBytes): Promise<OwnFile> {
      const Key = await keyOf(url);
      if (reader !== 'anyone') await requireReadable(Key, reader);
      const get = () =>
        client.send(new GetObjectCommand({ Bucket, Key })).catch((cause: unknown) => {
          if (isNamed(cause, 'NoSuchKey')) throw expired();
          throw unreachable(cause);
        });
      const again = () => openLent(async (use) => use(asReadable((await get()).Body)));
      const object = await get();
      if ((object.ContentLength ?? 0) > maxBytes)
        throw new ToolError('The attachments are too large together for one message.');
      return {
        filename: parse(object.ContentDisposition ?? 'attachment').parameters.filename ?? 'attachment',
        contentType: object.ContentType ?? 'application/octet-stream',
        content: await keepOrReopen(asReadable(object.Body), maxBytes, again).catch((cause: unknown) => {
          throw cause instanceof ToolError ? cause : unreachable(cause);
        }),
      };
    },
    close: () => client.destroy(),
  };
}

function createClient({ region, endpoint, forcePathStyle, accessKeyId, secretAccessKey }: S3Options['s3']): S3Client {
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint !== undefined && { endpoint }),
    credentials: { accessKeyId, secretAccessKey },
    // Other S3 services than that of AWS do not know the checksums that the SDK adds by itself.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 3000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });
}

async function exists(client: S3Client, Bucket: string, Key: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal: AbortSignal.timeout(HEAD_MS) });
    return true;
  } catch (error) {
    if (error instanceof NotFound || isNamed(error, 'NotFound')) return false;
    throw error;
  }
}

/** Buffers that go from one upload to the next, so that many leave no garbage; when nobody has one, none is kept. */
function createBuffers(sizeBytes: number): { lend<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> } {
  let lent = 0;
  let free: Buffer[] = [];
  return {
    async lend(use) {
      lent += 1;
      try {
        const buffer = free.pop() ?? Buffer.allocUnsafeSlow(sizeBytes);
        const result = await use(buffer);
        // Not after a failure: a request may still be under way.
        free.push(buffer);
        return result;
      } finally {
        lent -= 1;
        if (lent === 0) free = [];
      }
    },
  };
}

/** A URL that has just been made lives for at least a second. */
function secondsUntil(notAfter: Date | undefined, now: Date): number {
  if (notAfter === undefined) return URL_SECONDS;
  return Math.max(1, Math.min(URL_SECONDS, Math.floor((notAfter.getTime() - now.getTime()) / 1000)));
}

function personOf({ imap: { server, login } }: Attached): string {
  return JSON.stringify([server.host, server.port, login.username]);
}

/** Names a mailbox of a person, so that a URL tells us, and nobody else, where its file comes from. */
function mailboxOf({ imap, mailbox }: Pick<Attached, 'imap' | 'mailbox'>, key: Buffer): string {
  const identity = ['mailbox', imap.server.host, imap.server.port, imap.login.username, canonicalMailboxName(mailbox)];
  return createHmac('sha256', key).update(JSON.stringify(identity)).digest('base64url').slice(0, 22);
}

/** The same part has the same name for ever, and only who has the key can tell the name. */
function nameOf({ imap, mailbox, uidValidity, uid, part }: Attached, key: Buffer): string {
  const identity = [imap.server.host, imap.server.port, imap.login.username, mailbox, uidValidity, uid, part];
  return createHmac('sha256', key).update(JSON.stringify(identity)).digest('base64url');
}

/** What a presigned URL says of itself (Signature Version 4, query parameters). */
function readPresigned(url: string): { key: string; signedAt: Date; expiresIn: number } {
  if (!URL.canParse(url)) throw notOurs();
  const { pathname, searchParams } = new URL(url);
  // The last one: with path style the bucket comes first, whose name may be the same.
  const at = pathname.lastIndexOf(PREFIX);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date') ?? '') ?? [];
  const signedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const expiresIn = Number(searchParams.get('X-Amz-Expires'));
  const isSane = at >= 0 && !Number.isNaN(signedAt.getTime()) && Number.isInteger(expiresIn);
  if (!isSane || expiresIn < 1 || expiresIn > URL_SECONDS) throw notOurs();
  return { key: pathname.slice(at), signedAt, expiresIn };
}

function isEqual(given: string | null, ours: string | null): boolean {
  const [one, other] = [given, ours].map((text) =>
    createHmac('sha256', 'compare')
      .update(text ?? '')
      .digest(),
  );
  return one !== undefined && other !== undefined && given !== null && timingSafeEqual(one, other);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function unreachable(cause: unknown): UpstreamError {
  const sentence = 'The attachment store did not hand over the file. Nothing was sent; try again later.';
  return new UpstreamError('S3', 'unreachable', sentence, { cause });
}

function asReadable(body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw unreachable(new Error('the answer has no body that can be read'));
}
