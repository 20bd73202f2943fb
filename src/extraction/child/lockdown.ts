/**
 * Takes from a process what a file could misuse it for, should it ever run code here: modules of Node, the environment, the network.
 *
 * Node's own permission model keeps files, processes and threads away (`--permission`), but not the network. So no module can be loaded after
 * this, and every object through which a loaded one can be reached is removed. Code from strings is not compiled at all
 * (`--disallow-code-generation-from-strings`).
 */
import { registerHooks } from 'node:module';
import process from 'node:process';

/** Modules of Node that may be loaded at all: none of them reaches the network, a process or a file. */
const MODULES = new Set([
  'assert',
  'buffer',
  'events',
  'querystring',
  'stream',
  'string_decoder',
  'url',
  'util',
  'zlib',
]);

/** What libraries use of `process`, and what ends it. */
const KEPT = new Set([
  ...[
    'arch',
    'cpuUsage',
    'emitWarning',
    'hrtime',
    'memoryUsage',
    'nextTick',
    'platform',
    'release',
    'version',
    'versions',
  ],
  ...['_exiting', 'exit', 'exitCode', 'reallyExit'],
]);

/** Globals that connect to a network, compile code, or reach other threads. */
const GLOBALS = [
  ...['fetch', 'WebSocket', 'EventSource', 'Request', 'Response', 'FormData', 'Headers', 'navigator', 'WebAssembly'],
  ...[
    'BroadcastChannel',
    'Worker',
    'eval',
    'Function',
    'localStorage',
    'sessionStorage',
    'crypto',
    'require',
    'module',
  ],
];

let isSealed = false;

/** From now on only listed modules are loaded. */
export function limitModules(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (isSealed && !isTable(specifier, context.parentURL)) throw new Error('no further module is loaded');
      const resolved = next(specifier, context);
      const name = resolved.url.startsWith('node:') ? resolved.url.slice('node:'.length) : null;
      if (name !== null && !MODULES.has(name)) throw new Error('this module is not loaded here');
      return resolved;
    },
  });
}

/** From now on no module is loaded, and nothing of the process can be reached. */
export function lockDown(): void {
  isSealed = true;
  for (const name of GLOBALS) remove(globalThis, name);
  const silent = () => undefined;
  const names = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table', 'assert', 'group', 'groupEnd'];
  replace(globalThis, 'console', Object.freeze(Object.fromEntries(names.map((name) => [name, silent]))));
  for (const owner of [process, Object.getPrototypeOf(process)]) {
    for (const name of Reflect.ownKeys(owner)) if (typeof name !== 'string' || !KEPT.has(name)) remove(owner, name);
  }
  replace(process, 'env', Object.freeze({}));
}

/** Tables of characters, which iconv-lite loads when a charset is used first. They are data. */
function isTable(specifier: string, parent: string | undefined): boolean {
  return /\/iconv-lite\/encodings\/dbcs-data\.js$/.test(parent ?? '') && /^\.\/tables\/[\w-]+\.json$/.test(specifier);
}

function remove(owner: object, name: string | symbol): void {
  if (!Reflect.deleteProperty(owner, name)) replace(owner, name, undefined);
}

function replace(owner: object, name: string | symbol, value: unknown): void {
  if (Reflect.defineProperty(owner, name, { value, writable: false, configurable: false })) return;
  // A property that cannot be defined anew may be writable.
  Reflect.set(owner, name, value);
}
