/** Runs `npm run soak [-- MINUTES [JOURNAL]]`: random tool calls over failing networks to restarting mail servers, whose mailboxes must match the reported outcomes. */
import { rm } from 'node:fs/promises';
import process from 'node:process';
import { trustCa } from '../test/support/servers/certificates.ts';
import { makeScratch, startServers } from '../test/support/servers/start-servers.ts';
import { runSoak } from './run.ts';

const minutes = Number(process.argv[2] ?? 5);
if (!(minutes > 0 && minutes <= 60)) {
  console.error('The number of minutes must be more than 0 and at most 60.');
  process.exit(1);
}
const scratch = await makeScratch();
const { servers, stop } = await startServers(scratch);
trustCa(servers.ca);
try {
  const { differences, ...report } = await runSoak(servers, {
    seconds: minutes * 60,
    people: 8,
    journal: process.argv[3],
  });
  console.log({ ...report, differences: differences.length });
  for (const difference of differences) console.log(difference);
  process.exitCode = differences.length + report.leakedSockets === 0 ? 0 : 1;
} finally {
  await stop();
  await rm(scratch, { recursive: true, force: true });
}
