/** Tries, as code of a file would that has taken over an extraction process, to reach the network, files, the environment and other processes. */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { toAnswerBytes } from '../../src/extraction/answer-bytes.ts';
import { limitModules, lockDown } from '../../src/extraction/child/lockdown.ts';

const exit = process.exit.bind(process);

const MODULES = [
  ...['net', 'http', 'https', 'http2', 'tls', 'dgram', 'dns', 'dns/promises', 'fs', 'fs/promises', 'child_process'],
  ...['worker_threads', 'cluster', 'vm', 'module', 'os', 'process', 'inspector', 'v8', 'repl', 'test', 'sqlite'],
];

const CODE_URL: string = 'data:text/javascript,export default 1';

/** Each returns what it has reached; to throw, or to return nothing, is to fail. */
function attempts(): Record<string, () => unknown> {
  return {
    ...Object.fromEntries(MODULES.map((name) => [`import ${name}`, () => import(`node:${name}`)])),
    'import a file': () => import(new URL('../../package.json', import.meta.url).href, { with: { type: 'json' } }),
    'import code in a URL': () => import(CODE_URL),
    getBuiltinModule: () => process.getBuiltinModule('net'),
    binding: () => Reflect.get(process, 'binding')('tcp_wrap'),
    _linkedBinding: () => Reflect.get(process, '_linkedBinding')('tcp_wrap'),
    dlopen: () => Reflect.get(process, 'dlopen'),
    kill: () => process.kill(process.pid, 0),
    execve: () => Reflect.get(process, 'execve'),
    'socket of stdin': () => process.stdin.constructor,
    'socket of stdout': () => process.stdout.constructor,
    fetch: () => Reflect.get(globalThis, 'fetch'),
    WebSocket: () => Reflect.get(globalThis, 'WebSocket'),
    EventSource: () => Reflect.get(globalThis, 'EventSource'),
    BroadcastChannel: () => Reflect.get(globalThis, 'BroadcastChannel'),
    WebAssembly: () => Reflect.get(globalThis, 'WebAssembly'),
    environment: () => Object.keys(process.env).length || undefined,
    arguments: () => process.argv,
    report: () => process.report,
    'memory of the process': () => Reflect.get(process, 'mainModule'),
    Function: () => Reflect.get(attempts, 'constructor')('return 1')(),
    'async function': () => Reflect.get(async () => undefined, 'constructor')('return 1')(),
    'frames of the stack': () => {
      let found: unknown;
      Error.prepareStackTrace = (_, frames) => {
        found = frames.map((frame) => frame.getFunction() ?? frame.getThis()).find((each) => each !== undefined);
      };
      void new Error('stack').stack;
      return found;
    },
  };
}

async function succeeds(attempt: () => unknown): Promise<boolean> {
  try {
    return (await attempt()) !== undefined;
  } catch {
    return false;
  }
}

async function reachedNow(): Promise<string[]> {
  const reached: string[] = [];
  for (const [name, attempt] of Object.entries(attempts())) if (await succeeds(attempt)) reached.push(name);
  return reached;
}

const before = await reachedNow();
limitModules();
const isNetRefused = !(await succeeds(() => import('node:net')));
lockDown();
const reached = await reachedNow();
const text = JSON.stringify({ tried: Object.keys(attempts()).length, before: before.length, reached, isNetRefused });
const answer = { text, isMore: false, totalChars: null, pages: null, hiddenLetters: 0, leftOut: [], remarks: [] };
writeSync(1, toAnswerBytes(answer));
exit(0);
