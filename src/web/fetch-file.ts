/** Downloads a file from an https URL, within limits of size and time. */
import { ToolError } from '../errors.ts';
import { createGuardedHttps, type GuardedOptions } from './guarded-https.ts';

const TIMEOUT_MS = 20_000;

/**
 * @param url https; no redirect is followed
 * @throws {ToolError} if it cannot be fetched, or is longer than `maxBytes`
 */
export type FetchFile = (url: string, maxBytes: number) => Promise<Buffer>;

export function createFetchFile({
  timeoutMs = TIMEOUT_MS,
  ...options
}: GuardedOptions & { timeoutMs?: number } = {}): FetchFile {
  const send = createGuardedHttps(options);
  return async (url, maxBytes) => {
    const signal = AbortSignal.timeout(timeoutMs);
    // One sentence for whatever fails, so that it cannot be used to scan a network.
    const failed = (cause: unknown) => new ToolError(NOT_FETCHED, { cause });
    const response = await send(url, { method: 'GET', headers: { Accept: '*/*' }, signal }).catch((error: unknown) => {
      throw failed(error);
    });
    if (response.statusCode !== 200 || Number(response.headers['content-length'] ?? 0) > maxBytes) {
      response.destroy();
      throw response.statusCode === 200 ? new ToolError(TOO_LARGE) : failed(response.statusCode);
    }
    const pieces: Buffer[] = [];
    let length = 0;
    try {
      for await (const piece of response) {
        length += piece.length;
        if (length > maxBytes) break;
        pieces.push(piece);
      }
    } catch (error) {
      throw failed(error);
    }
    if (length > maxBytes) throw new ToolError(TOO_LARGE);
    return Buffer.concat(pieces);
  };
}

const NOT_FETCHED =
  'Nothing was done: the file could not be fetched. If a link was passed, get the message again and pass the new one, as links end after some minutes; otherwise try again.';
const TOO_LARGE = 'Nothing was done: the file behind one of the links is too large.';
