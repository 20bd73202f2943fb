/** Reads presigned URLs of S3 (Signature Version 4, query parameters) and compares them with our own. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PREFIX } from './object-names.ts';
import { expired, notOurs } from './store.ts';

/** The maximum of Signature Version 4. */
export const MAX_URL_SECONDS = 7 * 24 * 3600;

export interface Presigned {
  key: string;
  signedAt: Date;
  lifetimeSeconds: number;
}

/** @throws {ToolError} if the URL has not the form of our presigned URLs; its signature is not verified */
export function readPresigned(url: string): Presigned {
  if (!URL.canParse(url)) throw notOurs();
  const { pathname, searchParams } = new URL(url);
  // The last occurrence, because a path-style URL begins with the name of the bucket, which may be `attachments` too.
  const at = pathname.lastIndexOf(PREFIX);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date') ?? '') ?? [];
  const signedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const lifetimeSeconds = Number(searchParams.get('X-Amz-Expires'));
  const isSane = at >= 0 && !Number.isNaN(signedAt.getTime()) && Number.isInteger(lifetimeSeconds);
  if (!isSane || lifetimeSeconds < 1 || lifetimeSeconds > MAX_URL_SECONDS) throw notOurs();
  return { key: pathname.slice(at), signedAt, lifetimeSeconds };
}

/** @throws {ToolError} unless `given` has the address and the signature of `ours` */
export function requireSameUrl(given: URL, ours: URL): void {
  if (given.origin !== ours.origin || given.pathname !== ours.pathname) throw notOurs();
  if (!isEqual(given.searchParams.get('X-Amz-Signature'), ours.searchParams.get('X-Amz-Signature'))) throw expired();
}

/** Compares in constant time. */
function isEqual(given: string | null, ours: string | null): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return given !== null && timingSafeEqual(digest(given), digest(ours ?? ''));
}
