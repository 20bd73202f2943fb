import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/mail-mcp', import.meta.url));
const TELL = '--import=data:text/javascript,console.log(JSON.stringify(process.execArgv))';

/** Starts it without settings, so that it ends at once. @returns the flags of each Node that came to be, one after the other */
function flagsOf(args: string[], nodeOptions = ''): unknown[] {
  const env = { PATH: process.env.PATH, NODE_OPTIONS: `${TELL} ${nodeOptions}` };
  const { stdout } = spawnSync(process.execPath, [BIN, ...args], { env, encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => (line.startsWith('[') ? [JSON.parse(line)] : []));
}

test('the server runs with a small young generation, however it is started', () => {
  expect(flagsOf(['server']).at(-1)).toEqual(['--max-semi-space-size=8']);
});

test('the size that the operator has chosen stays', () => {
  expect(flagsOf(['server'], '--max-semi-space-size=32')).toEqual([[]]);
});

test('malloc keeps little for later, unless the operator has said how much', () => {
  const tell = '--import=data:text/javascript,console.log(process.env.MALLOC_ARENA_MAX)';
  const arenas = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [BIN, 'server'], {
      env: { PATH: process.env.PATH, NODE_OPTIONS: tell, ...env },
      encoding: 'utf8',
    })
      .stdout.trim()
      .split('\n')
      .at(-1);
  expect(arenas({})).toBe('2');
  expect(arenas({ MALLOC_ARENA_MAX: '7' })).toBe('7');
});

test('other commands are not started twice', () => {
  expect(flagsOf(['generate', '--help'])).toEqual([[]]);
});
