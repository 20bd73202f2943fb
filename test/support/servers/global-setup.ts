/** Starts the servers once per test run, passes their addresses to the workers, and stops the servers at the end. */
import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { makeScratch, startServers } from './start-servers.ts';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await makeScratch();
  const { servers, stop } = await startServers(scratch);
  project.provide('servers', servers);
  return async () => {
    await stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
}
