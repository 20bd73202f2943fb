/** Runs the soak for a few seconds. */
import { expect, test } from 'vitest';
import { runSoak } from '../../soak/run.ts';
import { testServers } from '../support/servers/servers.ts';

test('after random calls over failing networks to restarting servers, mailboxes match the reported outcomes and no socket is left', async () => {
  const { calls, faults, restarts, differences, leakedSockets } = await runSoak(testServers(), {
    // Twice as long as the numbers below take on an idle machine.
    seconds: 20,
    people: 4,
  });
  expect(differences).toEqual([]);
  expect(leakedSockets).toBe(0);
  expect(calls).toBeGreaterThan(20);
  expect(faults).toBeGreaterThan(5);
  expect(restarts).toBeGreaterThan(1);
}, 120_000);
