import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MODULE = new URL('../../src/app/idle-memory.ts', import.meta.url).href;

/** Runs a script in a process of its own, whose memory is its own. @returns what it prints */
function run(script: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim();
}

const start = `
  import { setTimeout as sleep } from 'node:timers/promises';
  const { giveBackIdleMemory } = await import('${MODULE}');
  const megabytes = () => Math.round(process.memoryUsage().arrayBuffers / 1e6);
  const reach = async (goal) => {
    for (let n = 0; n < 500 && !goal(megabytes()); n += 1) await sleep(20);
    return goal(megabytes());
  };
`;

test('buffers that nobody holds are given back when nothing happens, and those in use are kept', () => {
  const script = `${start}
    const used = Buffer.alloc(30e6, 1);
    (() => Array.from({ length: 40 }, () => Buffer.alloc(1e6, 1)))();
    giveBackIdleMemory(50);
    console.log(await reach((mb) => mb >= 30 && mb < 40), used.length);
  `;
  expect(run(script)).toBe('true 30000000');
});

test('who looks after the memory does not keep the process alive', () => {
  expect(run(`${start} giveBackIdleMemory(50); console.log('end');`)).toBe('end');
});
