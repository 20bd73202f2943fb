/** Starts threads that send hostile requests: this thread measures, and must not be kept from it. */
import { Worker } from 'node:worker_threads';
import type { HostileWork } from './hostile-caller.ts';

export interface HostileCaller {
  /** Answers so far, refusals included. */
  readonly answers: number;
  stop(): Promise<void>;
}

export function startHostileCaller(workerData: HostileWork): HostileCaller {
  const worker = new Worker(new URL('./hostile-caller.ts', import.meta.url), { workerData });
  let answers = 0;
  worker.on('message', () => {
    answers += 1;
  });
  return {
    get answers() {
      return answers;
    },
    async stop() {
      await worker.terminate();
    },
  };
}

/** The body of a call of a tool. */
export function callBody(name: string, args: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
}
