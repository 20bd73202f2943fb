/** Runs a test server as a child process, and ends it by the process id in its pid file. */
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
  /** Ends it with SIGTERM and starts it again on the same ports and data. */
  restart(): Promise<void>;
}

/** A running server process. */
interface RunningProcess {
  /** Ends it with SIGTERM and waits until all its processes have ended. */
  end(): Promise<void>;
  /** Kills it. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  /** The log file, besides the output of the process; quoted if the server does not start. */
  logFile?: string;
  /** Resolves to true once the server answers. An error counts as "not yet". */
  isReady: () => Promise<boolean>;
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C does not end it before this process does.
 *
 * @param scratch its subfolders `pids/` and `output/` receive the process id and the output
 * @throws {Error} if it ends, or does not answer within a minute; with the last lines of its log
 */
export async function startServer(scratch: string, server: ServerCommand): Promise<RestartableServer> {
  let running = await startProcess(scratch, server);
  return {
    name: server.name,
    restart: async () => {
      await running.end();
      running = await startProcess(scratch, server);
    },
    stop: () => running.stop(),
  };
}

async function startProcess(scratch: string, server: ServerCommand): Promise<RunningProcess> {
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
      // Without this signal to the group the child processes of Dovecot would run for another ten seconds.
      if (pid !== undefined) killGroup(pid, 'SIGTERM');
      await waitUntil(END_LIMIT_MS, () => pid === undefined || !isGroupAlive(pid));
      await stop();
    },
    stop,
  };
}

/** Kills all processes that have a pid file below `scratch`. */
export function killRemaining(scratch: string): void {
  const folder = join(scratch, 'pids');
  const pids = namesIn(folder).map((name) => Number(readFileSync(join(folder, name), 'utf8')));
  for (const pid of pids) if (pid > 1) killGroup(pid);
}

/**
 * Ensures that no server outlives this process, however it ends: a shell waits for the end of a pipe that only this process holds
 * open, then kills the processes with a pid file and removes `scratch`. Call it before the first server is started.
 */
export function cleanUpOnExit(scratch: string): void {
  const cleanUp = 'cat; for pid in "$0"/pids/*; do kill -s KILL -- "-$(cat "$pid")"; done; rm -rf "$0"';
  // In a process group of its own, so that Ctrl-C and a signal to the group of this process do not end it.
  const child = spawn('sh', ['-c', cleanUp, scratch], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  // The open pipe must not keep this process running.
  if (child.stdin instanceof Socket) child.stdin.unref();
}

/** Sends `hello`, if given, and reports whether the first bytes that the server answers include `expected`. */
export function greets(port: number, expected: string, hello?: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(1000, () => socket.destroy(new Error(`port ${port} does not answer`)));
    socket.once('connect', () => hello !== undefined && socket.write(hello));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1').includes(expected));
    });
  });
}

/** Kills the whole process group by default: the servers hold no data to save, and Dovecot takes two seconds to end in order. */
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
