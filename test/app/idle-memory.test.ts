import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MODULE = new URL('../../src/app/idle-memory.ts', import.meta.url).href;

/** Runs a script in a process of its own. @returns its output */
function run(script: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim();
}

const start = `
  import { setTimeout as sleep } from 'node:timers/promises';
  const { collectGarbageWhenIdle } = await import('${MODULE}');
  const megabytes = () => Math.round(process.memoryUsage().arrayBuffers / 1e6);
  const reach = async (goal) => {
    for (let n = 0; n < 500 && !goal(megabytes()); n += 1) await sleep(20);
    return goal(megabytes());
  };
`;

test('unreferenced buffers are collected while the process is idle, and buffers in use are kept', () => {
  const script = `${start}
    const used = Buffer.alloc(30e6, 1);
    (() => Array.from({ length: 40 }, () => Buffer.alloc(1e6, 1)))();
    collectGarbageWhenIdle(50);
    console.log(await reach((mb) => mb >= 30 && mb < 40), used.length);
  `;
  expect(run(script)).toBe('true 30000000');
});

test('the checks do not keep the process alive', () => {
  expect(run(`${start} collectGarbageWhenIdle(50); console.log('end');`)).toBe('end');
});
