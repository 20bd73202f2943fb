import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logCall, summaryOf } from '../../bench/models/call-log.ts';

test('the summary of a run has its calls by tool, its tokens, and each error with its arguments', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mail-mcp-calls-'));
  const file = join(directory, 'run-1.log');
  expect(await summaryOf(file)).toBeUndefined();
  await logCall(file, { tool: 'list', json: '{"a":1}' }, { text: '{"messages":[]}', isError: false });
  await logCall(file, { tool: 'find', json: '{}' }, { text: 'There is no such tool.', isError: true });
  expect(await summaryOf(file)).toBe(
    `${file}: 2 calls, 14 tokens, 1 errors (find 1, list 1)\n  find {}\n    There is no such tool.`,
  );
  await rm(directory, { recursive: true });
});
