/** Copies a stream into an object of S3, in equal parts that use one buffer in turn. */
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

/** The minimum of S3 for all parts except the last. */
export const PART_BYTES = 5 * 1024 * 1024;
/** The parts of a failed upload are removed within this time, or left to the lifecycle rules of the bucket. */
const CLEAN_UP_MS = 4_000;

export type ObjectDescription = Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'ContentType' | 'ContentDisposition'>;

/**
 * Uploads an object, in several parts if it is longer than one. `@aws-sdk/lib-storage` is not used because it allocates each part anew:
 * 25 MiB would leave ten times 5 MiB to the garbage collector.
 *
 * @param body read to its end, or destroyed
 * @param buffer of PART_BYTES, or smaller if the body will most likely fit. Not to be used again after a rejection, as a request may still be under way
 * @throws {Error} if a request fails or `signal` is aborted; there is no object then
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

/** Yields the buffer each time it is full; its bytes are valid until the next part is requested. Only the last part may be shorter, or empty. */
async function* partsOf(body: Readable, given: Buffer): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let buffer = given;
  let filled = 0;
  for await (const chunk of body) {
    let rest: Buffer = chunk;
    while (rest.length > 0) {
      if (filled === buffer.length && filled < PART_BYTES) {
        // The body is longer than BODYSTRUCTURE promised.
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
