/** Lists all tasks of the benchmark. Those that change the mailbox come last. */
import { ACTING_TASKS } from './acting-tasks.ts';
import { FINDING_TASKS } from './finding-tasks.ts';
import type { Task } from './task.ts';

export const TASKS: readonly Task[] = [...FINDING_TASKS, ...ACTING_TASKS];
