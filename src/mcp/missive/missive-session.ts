import type { OwnFile } from '../../attachments/store.ts';
import type { MissiveApi } from '../../missive/api.ts';
import type { Permit } from '../../policy.ts';
import type { SendLimit } from '../permit/sends.ts';

/** What a Missive tool works with during one call. */
export interface MissiveSession {
  readonly api: MissiveApi;
  /** Who may be written to. */
  readonly permit: Permit;
  /** How often. */
  readonly sendLimit: SendLimit;
  /**
   * The file behind a link of our own making.
   *
   * @throws {ToolError} if the link is not ours, has expired, or leads to more than `maxBytes`
   */
  fetchOwn(url: string, maxBytes: number): Promise<OwnFile>;
  now(): Date;
}
