/** Runs once around all test files: starts the servers, tells the workers where they are, stops them. */
import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { makeScratch, startServers } from './start-servers.ts';

/** scripts/test.ts names a scratch folder by this variable and clears it away even if vitest is killed. */
export const SCRATCH_VARIABLE = 'MAIL_MCP_TEST_SCRATCH';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const scratch = process.env[SCRATCH_VARIABLE] ?? (await makeScratch());
  const { servers, stop } = await startServers(scratch).catch(async (error: unknown) => {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  });
  project.provide('servers', servers);
  return async () => {
    await stop();
    await rm(scratch, { recursive: true, force: true });
  };
}
