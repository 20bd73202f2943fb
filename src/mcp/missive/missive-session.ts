import type { OwnFile } from '../../attachments/store.ts';
import type { ReadFile } from '../../extraction/extraction.ts';
import type { MissiveApi } from '../../missive/api.ts';
import type { Permit } from '../../policy.ts';
import type { FetchFile } from '../../web/fetch-file.ts';
import type { RunJob } from '../../workers/workers.ts';
import type { SendLimit } from '../permit/send-limit.ts';
import type { KeyedCalls } from './writing/keyed-calls.ts';

/** The API, limits and files that a Missive tool uses during one call. */
export interface MissiveSession {
  readonly api: MissiveApi;
  /** Limits the recipients. */
  readonly permit: Permit;
  /** Limits the messages in an hour. */
  readonly sendLimit: SendLimit;
  /** Runs work of this call in a worker thread. */
  readonly runJob: RunJob;
  /**
   * The file behind an attachment link of this server.
   *
   * @throws {ToolError} if it is another link, the link has expired, or the file exceeds `maxBytes`
   */
  fetchOwn(url: string, maxBytes: number): Promise<OwnFile>;
  /** Runs calls with an idempotency key once. */
  readonly keyedCalls: KeyedCalls;
  /** Downloads a file from a link of Missive. */
  readonly fetchFile: FetchFile;
  /** Reads the text of a file in a process of its own. */
  readonly readFile: ReadFile;
  /** The zone in which times are shown. */
  readonly timeZone: string;
  now(): Date;
}
