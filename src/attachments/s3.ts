/** Publishes attachments as objects in S3: each is uploaded once, streamed from IMAP, and its link is a presigned URL. */
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, NotFound, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { create, parse } from 'content-disposition';
import { ToolError, UpstreamError } from '../errors.ts';
import { describeError, type Log } from '../log.ts';
import type { Config } from '../settings/config.ts';
import { createSemaphore } from '../state/semaphore.ts';
import { createObjectNames, type ObjectNames, PREFIX } from './object-names.ts';
import { PART_BYTES, uploadInParts } from './s3-upload.ts';
import {
  type Attached,
  type AttachmentStore,
  expired,
  notOurs,
  notReadable,
  type OwnFile,
  type Reader,
  type WithBytes,
} from './store.ts';
import { streamOf, toMessageBytes } from './to-message-bytes.ts';
import { MAX_URL_SECONDS, readPresigned, requireSameUrl } from './verify-presigned-url.ts';

/** Time limit of one upload. Together with HEAD_MS and the wait for a place it is below the minute that most clients wait for a tool. */
const UPLOAD_MS = 35_000;
/** Time limit of HEAD, whose response is small; a store that takes longer counts as unreachable. */
const HEAD_MS = 4_000;
/** Attachments up to this size, which are most, have a queue of their own, so that they never wait for large ones. */
const MAX_SMALL_BYTES = 512 * 1024;
/** Limits of concurrent uploads, which bound the memory: each has a buffer of PART_BYTES or MAX_SMALL_BYTES, and the bytes not yet copied. */
const UPLOADS = { places: 3, placesPerKey: 2, maxWaitMs: 20_000 };
const SMALL_UPLOADS = { places: 16, placesPerKey: 4, maxWaitMs: 10_000 };

export interface S3Options {
  s3: NonNullable<Config['s3']>;
  /** The key of the hashes that name objects; see createObjectNames(). */
  nameKey: Buffer;
  now: () => Date;
  log: Log;
}

interface Bucket {
  client: S3Client;
  name: string;
}

export function createS3Store({ s3, nameKey, now, log }: S3Options): AttachmentStore & { close(): void } {
  const bucket = { client: createClient(s3), name: s3.bucket };
  const names = createObjectNames(nameKey);
  const upload = createUpload(bucket);
  return {
    async publish(attached, withBytes, notAfter) {
      const key = names.keyOf(attached);
      try {
        await upload(key, attached, withBytes);
        return await sign(bucket, { key, signedAt: now(), lifetimeSeconds: secondsUntil(notAfter, now()) });
      } catch (error) {
        log.warn({ service: 'S3', error: describeError(error) }, 'attachment not published');
        return null;
      }
    },
    async fetchOwn(url, reader, maxBytes) {
      const key = await verifiedKeyOf(url, bucket, now());
      if (reader !== 'anyone') await requireReadable(key, reader, names);
      return download(key, bucket, maxBytes);
    },
    close: () => bucket.client.destroy(),
  };
}

export function createClient({
  region,
  endpoint,
  forcePathStyle,
  accessKeyId,
  secretAccessKey,
}: S3Options['s3']): S3Client {
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint !== undefined && { endpoint }),
    credentials: { accessKeyId, secretAccessKey },
    // S3 services other than AWS do not know the checksums that the SDK adds by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 3000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });
}

/** @returns a function that uploads an attachment unless the object exists; small and large ones wait in queues of their own */
function createUpload({ client, name }: Bucket) {
  const large = { uploads: createSemaphore(UPLOADS), buffers: createBuffers(PART_BYTES) };
  const small = { uploads: createSemaphore(SMALL_UPLOADS), buffers: createBuffers(MAX_SMALL_BYTES) };
  return async (key: string, attached: Attached, withBytes: WithBytes): Promise<void> => {
    if (await exists(client, name, key)) return;
    const object = {
      Bucket: name,
      Key: key,
      ContentType: attached.contentType,
      ContentDisposition: create(attached.filename),
    };
    const { uploads, buffers } = attached.sizeBytes <= MAX_SMALL_BYTES ? small : large;
    await uploads.run(accountKeyOf(attached), () =>
      buffers.withBuffer((buffer) =>
        withBytes((body) => uploadInParts(client, object, { body, buffer, signal: AbortSignal.timeout(UPLOAD_MS) })),
      ),
    );
  };
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

/** Reuses buffers, so that many uploads leave no garbage; keeps none while no upload runs. */
function createBuffers(sizeBytes: number): { withBuffer<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> } {
  let inUse = 0;
  let free: Buffer[] = [];
  return {
    async withBuffer(use) {
      inUse += 1;
      try {
        const buffer = free.pop() ?? Buffer.allocUnsafeSlow(sizeBytes);
        const result = await use(buffer);
        // The buffer is not reused after a failure, because a request may still be reading it.
        free.push(buffer);
        return result;
      } finally {
        inUse -= 1;
        if (inUse === 0) free = [];
      }
    },
  };
}

/** @returns a key that identifies the account regardless of its password, for the limits of uploads */
function accountKeyOf({ imap: { server, login } }: Attached): string {
  return JSON.stringify([server.host, server.port, login.username]);
}

function sign(
  { client, name }: Bucket,
  { key, signedAt, lifetimeSeconds }: { key: string; signedAt: Date; lifetimeSeconds: number },
): Promise<string> {
  const command = new GetObjectCommand({ Bucket: name, Key: key });
  return getSignedUrl(client, command, { expiresIn: lifetimeSeconds, signingDate: signedAt });
}

/** @returns the lifetime of a new URL: at least one second, even if `notAfter` has passed */
function secondsUntil(notAfter: Date | undefined, now: Date): number {
  if (notAfter === undefined) return MAX_URL_SECONDS;
  return Math.max(1, Math.min(MAX_URL_SECONDS, Math.floor((notAfter.getTime() - now.getTime()) / 1000)));
}

/** @throws {ToolError} unless the URL has the address and the signature of one that we sign for the time it names, and has not expired */
async function verifiedKeyOf(url: string, bucket: Bucket, now: Date): Promise<string> {
  const presigned = readPresigned(url);
  const { key, signedAt, lifetimeSeconds } = presigned;
  if (!key.startsWith(PREFIX)) throw notOurs();
  requireSameUrl(new URL(url), new URL(await sign(bucket, presigned)));
  if (signedAt.getTime() + lifetimeSeconds * 1000 < now.getTime()) throw expired();
  return key;
}

/** @throws {ToolError} if the object belongs to a mailbox that the reader may not read */
async function requireReadable(key: string, { imap, readable }: Reader, names: ObjectNames): Promise<void> {
  const mailboxes = await readable?.();
  if (mailboxes?.some((mailbox) => names.isIn(key, { imap, mailbox })) === false) throw notReadable();
}

/** @throws {ToolError} if the object has gone, or is larger than `maxBytes` */
async function download(Key: string, { client, name: Bucket }: Bucket, maxBytes: number): Promise<OwnFile> {
  const get = () =>
    client.send(new GetObjectCommand({ Bucket, Key })).catch((cause: unknown) => {
      if (isNamed(cause, 'NoSuchKey')) throw expired();
      throw unreachable(cause);
    });
  const reopen = () => streamOf(async (use) => use(asReadable((await get()).Body)));
  const object = await get();
  if ((object.ContentLength ?? 0) > maxBytes) {
    throw new ToolError('The attachments are too large together for one message.');
  }
  return {
    filename: parse(object.ContentDisposition ?? 'attachment').parameters.filename ?? 'attachment',
    contentType: object.ContentType ?? 'application/octet-stream',
    content: await toMessageBytes(asReadable(object.Body), maxBytes, reopen).catch((cause: unknown) => {
      throw cause instanceof ToolError ? cause : unreachable(cause);
    }),
  };
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
  throw unreachable(new Error('the response has an unreadable body'));
}
