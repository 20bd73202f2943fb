import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test('npm run demo -- --missive --once stores a prospect and exits successfully', async () => {
  const run = promisify(execFile)(process.execPath, ['demo/demo.ts', '--missive', '--once'], { cwd: ROOT });
  const { stdout } = await run;
  expect(stdout).toContain('Jane Doe, jane.doe@customer.example');
  expect(stdout).toContain('Every step worked');
});
