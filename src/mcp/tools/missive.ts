import type { Tool } from '../tool.ts';
import { toolOf } from './missive/executor.ts';
import { directory } from './missive/records/directory.ts';
import type { MissiveSession } from './missive/session.ts';

/** The tools of a Missive account, in reading order: one for each record. */
export const missiveTools: readonly Tool<MissiveSession>[] = [...directory].map(toolOf);
