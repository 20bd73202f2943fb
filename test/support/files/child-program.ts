/** Chooses the program of extraction processes in tests: the build, which starts in half the time, unless a source is newer. */
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as source from '../../../src/extraction/child-command.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUILT = join(ROOT, 'dist', 'extraction', 'child-command.js');

function isBuildCurrent(): boolean {
  const builtMs = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return globSync('src/**/*.ts', { cwd: ROOT }).every((file) => statSync(join(ROOT, file)).mtimeMs < builtMs);
}

const chosen: typeof source = isBuildCurrent() ? await import(pathToFileURL(BUILT).href) : source;

export const { childCommand } = chosen;
