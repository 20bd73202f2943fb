/** What something costs this process, however busy the machine is with others. */
import process from 'node:process';

/** Milliseconds of processor time that this process uses until the promise is settled. */
export async function cpuMs(use: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await use();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
