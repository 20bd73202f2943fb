/** Measures CPU time of this process, which does not depend on the load of the machine. */
import process from 'node:process';

/** CPU time that this process uses until the promise is settled, in milliseconds. */
export async function cpuMs(use: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await use();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
