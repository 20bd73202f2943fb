/** Starts the app of mcp-app.ts in a process of its own, so that its time and memory can be measured without those of the test. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { MailServer } from '../../../src/mail/account.ts';
import { startMcpApp } from './mcp-app.ts';

const Started = z.object({ origin: z.string(), tokens: z.record(z.string(), z.string()) });

const Measured = z.object({
  /** The most CPU time between two turns of the event loop, which is how long others wait on an idle machine. */
  longestTurnMs: z.number(),
  cpuMs: z.number(),
  /** The largest resident memory. */
  maxRssBytes: z.number(),
});

export interface MeasuredApp extends AsyncDisposable {
  origin: string;
  post(body: string | Uint8Array, options?: { user?: string; headers?: Record<string, string> }): Promise<Response>;
  /** What was used since the last call. */
  measure(): Promise<z.output<typeof Measured>>;
  /** False once the process has ended by itself. */
  isRunning(): boolean;
}

/** @param options.maxMemoryMiB the limit of the heap of V8 */
export async function startMeasuredApp(
  options: { maxMemoryMiB?: number; users?: readonly string[]; imap?: MailServer } = {},
): Promise<MeasuredApp> {
  const { maxMemoryMiB = 384, users = ['ann', 'bob'], imap } = options;
  const child = fork(import.meta.filename, [JSON.stringify({ users, imap })], {
    execArgv: [`--max-old-space-size=${maxMemoryMiB}`],
  });
  const [first] = await once(child, 'message');
  const { origin, tokens } = Started.parse(first);
  return {
    origin,
    post: (body, { user = 'ann', headers = {} } = {}) =>
      fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens[user]}`, ...headers },
        body: Buffer.from(body),
      }),
    async measure() {
      child.send('measure');
      const [message] = await once(child, 'message');
      return Measured.parse(message);
    },
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

const cpuMs = (before?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** Runs in the process of the app. */
async function serve(parameters: string): Promise<void> {
  const { users, imap }: { users: string[]; imap?: MailServer } = JSON.parse(parameters);
  const app = await startMcpApp();
  const servers = imap && { imap, smtp: imap };
  const tokens = await Promise.all(users.map(async (user) => [user, await app.token(user, servers)]));
  let last = process.cpuUsage();
  let since = process.cpuUsage();
  let longestTurnMs = 0;
  let maxRssBytes = 0;
  setInterval(() => {
    longestTurnMs = Math.max(longestTurnMs, cpuMs(last));
    last = process.cpuUsage();
    maxRssBytes = Math.max(maxRssBytes, process.memoryUsage.rss());
  }, 1);
  process.on('message', () => {
    process.send?.({ longestTurnMs, cpuMs: cpuMs(since), maxRssBytes });
    longestTurnMs = 0;
    maxRssBytes = 0;
    since = process.cpuUsage();
  });
  process.send?.({ origin: app.origin, tokens: Object.fromEntries(tokens) });
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) await serve(process.argv[2] ?? '{}');
