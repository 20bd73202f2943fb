/** Reads how much CPU time and memory a process uses. */
import { readFileSync } from 'node:fs';

export interface Usage {
  cpuMs: number;
  residentBytes: number;
}

/** Clock ticks of a second, and bytes of a page, on Linux with every usual processor. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** @returns null if the process has ended, or the system does not say */
export function readUsage(pid: number): Usage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the name, may have blanks and brackets; the state follows it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system, pages] = [fields[11], fields[12], fields[21]].map(Number);
    if (user === undefined || system === undefined || pages === undefined) return null;
    return { cpuMs: ((user + system) * 1000) / TICKS_PER_SECOND, residentBytes: pages * PAGE_BYTES };
  } catch {
    return null;
  }
}
