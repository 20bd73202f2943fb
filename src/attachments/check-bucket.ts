/** Checks whether attachments can be stored with the settings: puts, gets and deletes a small object. */
import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Config } from '../settings/config.ts';
import { PREFIX } from './object-names.ts';
import { createClient } from './s3.ts';

/** For each of the three requests. */
const MAX_WAIT_MS = 5_000;

/** One sentence each, by the codes of Node and S3. */
const SENTENCES: Readonly<Record<string, string>> = {
  ENOTFOUND:
    'The host of AWS_ENDPOINT_URL_S3, or the bucket below it, has no DNS entry. Correct it, or set AWS_S3_FORCE_PATH_STYLE=true.',
  EAI_AGAIN: 'The host of the S3 service could not be looked up: the DNS server does not answer.',
  ECONNREFUSED: 'Nothing listens at AWS_ENDPOINT_URL_S3. Correct host and port.',
  ECONNRESET: 'The S3 service closed the connection. Check AWS_ENDPOINT_URL_S3.',
  TimeoutError: 'The S3 service does not answer in time. Check AWS_ENDPOINT_URL_S3 and the firewall.',
  AbortError: 'The S3 service does not answer in time. Check AWS_ENDPOINT_URL_S3 and the firewall.',
  NoSuchBucket: 'AWS_S3_BUCKET does not exist there. Create it, or correct the name.',
  PermanentRedirect: 'AWS_S3_BUCKET is in another region. Correct AWS_REGION.',
  AuthorizationHeaderMalformed: 'AWS_REGION is not that of the bucket. Correct it.',
  InvalidAccessKeyId: 'AWS_ACCESS_KEY_ID is not known there. Correct it.',
  SignatureDoesNotMatch: 'AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID. Correct it.',
  AccessDenied: 'The access key may not put, get and delete objects in AWS_S3_BUCKET. Give it these rights.',
  RequestTimeTooSkewed: 'The clock of this machine differs from that of the S3 service. Synchronize it (NTP).',
};

/** @returns undefined if everything works; otherwise a sentence with its remedy, and the code */
export async function checkBucket(
  s3: NonNullable<Config['s3']>,
): Promise<{ sentence: string; code: string } | undefined> {
  const client = createClient(s3);
  const object = { Bucket: s3.bucket, Key: `${PREFIX}check-${randomUUID()}` };
  const limit = () => ({ abortSignal: AbortSignal.timeout(MAX_WAIT_MS) });
  try {
    await client.send(new PutObjectCommand({ ...object, Body: 'check' }), limit());
    const { Body } = await client.send(new GetObjectCommand(object), limit());
    const text = await Body?.transformToString();
    await client.send(new DeleteObjectCommand(object), limit());
    return text === 'check'
      ? undefined
      : { sentence: 'The S3 service returned another object than was put.', code: 'content' };
  } catch (error) {
    const code = codeOf(error);
    const other = `The S3 service refused the request (${code}). Check AWS_ENDPOINT_URL_S3, AWS_REGION and AWS_S3_BUCKET.`;
    return { sentence: SENTENCES[code] ?? other, code };
  } finally {
    client.destroy();
  }
}

/** A code of Node, or the name that S3 gives its error. Never its message. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code: unknown = Reflect.get(error, 'code');
  const name = typeof code === 'string' ? code : error.name;
  return /^[\w.-]{1,60}$/.test(name) ? name : 'unknown error';
}
