/** Copies a stream into an object of S3 in equal parts, all of them out of one buffer. */
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** The smallest part that S3 takes, except for the last one. */
export const PART_BYTES = 5 * 1024 * 1024;
/** What a failed upload left is removed within this time, or stays to the lifecycle rules of the bucket. */
const CLEAN_UP_MS = 4_000;

export type ObjectDescription = Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'ContentType' | 'ContentDisposition'>;

/**
 * An own loop where `@aws-sdk/lib-storage` would do: that one puts each part together anew, and 25 MiB leave ten times 5 MiB to the
 * garbage collector.
 *
 * @param body read to its end, or destroyed
 * @param buffer of PART_BYTES, or of fewer if the body will most likely fit; not to be used again when the promise was rejected, for a request may still be under way
 * @throws {Error} when something fails, or `signal` aborts; there is no object then
 */
export async function uploadInParts(
  client: S3Client,
  object: ObjectDescription,
  { body, buffer, signal }: { body: Readable; buffer: Buffer; signal: AbortSignal },
): Promise<void> {
  const stop = () => void body.destroy(new Error('the upload took too long'));
  signal.addEventListener('abort', stop);
  const options = { abortSignal: signal };
  let upload: { Bucket: string | undefined; Key: string | undefined; UploadId: string | undefined } | undefined;
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  try {
    for await (const { bytes: Body, isLast } of partsOf(body, buffer)) {
      if (isLast && Parts.length === 0) {
        await client.send(new PutObjectCommand({ ...object, Body }), options);
        return;
      }
      upload ??= await begin(client, object, options);
      const PartNumber = Parts.length + 1;
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }), options);
      Parts.push({ PartNumber, ETag });
    }
    if (upload === undefined) return;
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), options);
  } catch (error) {
    if (upload !== undefined) {
      const abortSignal = AbortSignal.timeout(CLEAN_UP_MS);
      await client.send(new AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    }
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

async function begin(client: S3Client, object: ObjectDescription, options: { abortSignal: AbortSignal }) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object), options);
  return { Bucket: object.Bucket, Key: object.Key, UploadId };
}

/** Fills the buffer again and again; what was yielded holds until the next one is asked for. Only the last may be shorter, or empty. */
async function* partsOf(body: Readable, given: Buffer): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let buffer = given;
  let filled = 0;
  for await (const chunk of body) {
    let rest: Buffer = chunk;
    while (rest.length > 0) {
      if (filled === buffer.length && filled < PART_BYTES) {
        // The size in BODYSTRUCTURE was not true.
        buffer = Buffer.allocUnsafeSlow(PART_BYTES);
        given.copy(buffer);
      } else if (filled === buffer.length) {
        yield { bytes: buffer, isLast: false };
        filled = 0;
      }
      const copied = rest.copy(buffer, filled);
      filled += copied;
      rest = rest.subarray(copied);
    }
  }
  yield { bytes: buffer.subarray(0, filled), isLast: true };
}
