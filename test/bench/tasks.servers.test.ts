import { expect, test } from 'vitest';
import { runTasks } from '../../bench/tasks/run-tasks.ts';
import { testServers } from '../support/servers/servers.ts';

test('each everyday request takes at most three calls', { timeout: 90_000 }, async () => {
  const rows = await runTasks(testServers());
  expect(rows.filter(({ failure }) => failure !== null)).toEqual([]);
  expect(rows.filter(({ calls }) => calls > 3)).toEqual([]);
});
