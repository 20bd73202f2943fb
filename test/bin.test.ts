/** Checks how bin/mail-mcp starts Node: flags of V8, and settings of malloc. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/mail-mcp', import.meta.url));
const PRINT_FLAGS = '--import=data:text/javascript,console.log(JSON.stringify(process.execArgv))';

/** Starts bin/mail-mcp without settings, so that it exits at once. @returns the flags of each Node process that it started, in order */
function flagsOf(args: string[], nodeOptions = ''): unknown[] {
  const env = { PATH: process.env.PATH, NODE_OPTIONS: `${PRINT_FLAGS} ${nodeOptions}` };
  const { stdout } = spawnSync(process.execPath, [BIN, ...args], { env, encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => (line.startsWith('[') ? [JSON.parse(line)] : []));
}

const OLD = /^--max-old-space-size=(?:[1-9]\d{1,2}|10[0-2]\d)$/;

test('the server runs with a small young generation, and an old one of at most 1 GiB', () => {
  expect(flagsOf(['server']).at(-1)).toEqual(['--max-semi-space-size=8', expect.stringMatching(OLD)]);
});

test('a size that the operator sets is kept', () => {
  expect(flagsOf(['server'], '--max-semi-space-size=32').at(-1)).toEqual([expect.stringMatching(OLD)]);
  expect(flagsOf(['server'], '--max-old-space-size=3000').at(-1)).toEqual(['--max-semi-space-size=8']);
  expect(flagsOf(['server'], '--max-semi-space-size=32 --max-old-space-size=3000')).toEqual([[]]);
});

test('the thresholds of malloc are lowered unless the operator sets them', () => {
  const printArenas = '--import=data:text/javascript,console.log(process.env.MALLOC_ARENA_MAX)';
  const arenas = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [BIN, 'server'], {
      env: { PATH: process.env.PATH, NODE_OPTIONS: printArenas, ...env },
      encoding: 'utf8',
    })
      .stdout.trim()
      .split('\n')
      .at(-1);
  expect(arenas({})).toBe('2');
  expect(arenas({ MALLOC_ARENA_MAX: '7' })).toBe('7');
}, 60_000);

test('other commands run in the first process', () => {
  expect(flagsOf(['generate', '--help'])).toEqual([[]]);
});

/** A folder in which bin/mail-mcp runs this program as the command line. */
function folderWith(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'bin-'));
  for (const name of ['bin', 'dist']) mkdirSync(join(folder, name));
  cpSync(BIN, join(folder, 'bin', 'mail-mcp'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'dist', 'cli.js'), program);
  return folder;
}

test('SHELL-01 a .env that cannot be read is a sentence, and a pipe that is closed ends the command', () => {
  const folder = folderWith(
    'export async function main() { while (process.stdout.write("x".repeat(1e5))) {} return new Promise(() => setInterval(() => {}, 1000)); }',
  );
  const run = (command: string) =>
    spawnSync('sh', ['-c', command], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
      env: { PATH: process.env.PATH },
    });
  const program = `'${process.execPath}' bin/mail-mcp generate`;
  expect(run(`${program} | head -c 1`)).toMatchObject({ status: 0, stdout: 'x', stderr: '' });
  mkdirSync(join(folder, '.env'));
  const { status, stderr } = run(program);
  rmSync(folder, { recursive: true });
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'The file .env in the current folder cannot be read.\n' });
});

test.each([
  ['a timer', 'setInterval(() => {}, 1000);'],
  ['a listening socket', "(await import('node:net')).createServer().listen(0);"],
  ['a server that does not answer', "(await import('node:dgram')).createSocket('udp4').bind(0);"],
])('a command that has ended is not kept running by %s', (_what, open) => {
  const folder = folderWith(`export async function main() { ${open} return 3; }`);
  const options = { timeout: 20_000, cwd: folder, env: { PATH: process.env.PATH } };
  const { status, signal } = spawnSync(process.execPath, [join(folder, 'bin', 'mail-mcp'), 'server'], options);
  rmSync(folder, { recursive: true });
  expect({ status, signal }).toEqual({ status: 3, signal: null });
});
