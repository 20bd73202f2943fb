/** One server of the tests as a child process: started, known by its pid file, ended by that pid. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '../app/wait-until.ts';

const START_LIMIT_MS = 60_000;
const END_LIMIT_MS = 15_000;

export interface ServerProcess {
  name: string;
  stop(): Promise<void>;
}

export interface RestartableServer extends ServerProcess {
  /** Ends it as an administrator would, in order, and starts it again on the same ports and data. */
  restart(): Promise<void>;
}

/** A server from its start to its end. */
interface Life {
  /** Asks it to end, and waits until it has. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerCommand {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  /** Where logs are, besides what the process prints; quoted when it does not start. */
  logFile?: string;
  /** Resolves to true once the server really answers. Errors mean "not yet". */
  isReady: () => Promise<boolean>;
}

/**
 * Starts a program in the foreground of its own process group, so that a Ctrl-C reaches us first and we end it in order.
 *
 * @param scratch its pid goes to `pids/` in it, its output to `output/`
 * @throws {Error} if it ends or has not answered within a minute, with the last lines it logged
 */
export async function startServer(scratch: string, server: ServerCommand): Promise<RestartableServer> {
  let life = await begin(scratch, server);
  return {
    name: server.name,
    restart: async () => {
      await life.end();
      life = await begin(scratch, server);
    },
    stop: () => life.stop(),
  };
}

async function begin(scratch: string, server: ServerCommand): Promise<Life> {
  mkdirSync(join(scratch, 'pids'), { recursive: true });
  mkdirSync(join(scratch, 'output'), { recursive: true });
  const outputFile = join(scratch, 'output', server.name);
  const output = openSync(outputFile, 'w');
  const child = spawn(server.command, server.args, {
    cwd: scratch,
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...server.env },
  });
  closeSync(output);
  let end: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      end = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      end = `it ended with ${signal ?? `exit code ${code}`}`;
      resolve();
    });
  });
  const { pid } = child;
  const pidFile = join(scratch, 'pids', server.name);
  if (pid !== undefined) writeFileSync(pidFile, `${pid}`);

  const isUp = async () => end !== undefined || (await server.isReady());
  await waitUntil(START_LIMIT_MS, isUp).catch((error: unknown) => {
    end = `no answer within ${START_LIMIT_MS / 1000} s (${error instanceof Error ? error.cause : error})`;
  });
  const stop = async () => {
    if (pid !== undefined) killGroup(pid);
    await ended;
    rmSync(pidFile, { force: true });
  };
  if (end !== undefined) {
    await stop();
    const logs = [outputFile, ...(server.logFile === undefined ? [] : [server.logFile])];
    throw new Error(`${server.name} did not start: ${end}\n${logs.map(lastLines).join('\n')}`);
  }
  return {
    end: async () => {
      child.kill('SIGTERM');
      await waitUntil(END_LIMIT_MS, () => end !== undefined);
      // Dovecot's children would go on for ten seconds without it; each ends when it has done what it is doing.
      if (pid !== undefined) killGroup(pid, 'SIGTERM');
      await waitUntil(END_LIMIT_MS, () => pid === undefined || !isGroupAlive(pid));
      await stop();
    },
    stop,
  };
}

/** Ends whatever still has a pid file below `scratch`. */
export function killRemaining(scratch: string): void {
  const folder = join(scratch, 'pids');
  const pids = namesIn(folder).map((name) => Number(readFileSync(join(folder, name), 'utf8')));
  for (const pid of pids) if (pid > 1) killGroup(pid);
}

/**
 * Sees to it that nothing outlives this process, however it ends: a shell waits for the end of a pipe that only we hold open, then
 * kills what still has a pid file and removes `scratch`. Call it before the first server is started.
 */
export function cleanUpOnExit(scratch: string): void {
  const broom = 'cat; for pid in "$0"/pids/*; do kill -s KILL -- "-$(cat "$pid")"; done; rm -rf "$0"';
  // A group of its own, out of reach of a Ctrl-C and of whoever kills ours.
  const child = spawn('sh', ['-c', broom, scratch], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  // The open pipe must not keep us running.
  if (child.stdin instanceof Socket) child.stdin.unref();
}

/** True once the port greets: sends `hello` if given and looks for `expected` in the first bytes that come back. */
export function greets(port: number, expected: string, hello?: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(1000, () => socket.destroy(new Error(`port ${port} is silent`)));
    socket.once('connect', () => hello !== undefined && socket.write(hello));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1').includes(expected));
    });
  });
}

/** Nothing these servers know is worth saving, so the whole group is killed at once: an orderly end takes Dovecot two seconds. */
function killGroup(pid: number, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: it has ended already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function isGroupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function lastLines(file: string): string {
  try {
    return `${file}:\n${readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n')}`;
  } catch {
    return `${file}: nothing`;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
