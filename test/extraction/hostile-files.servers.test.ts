import { describe, expect, test } from 'vitest';
import { ChildError } from '../../src/extraction/child-process.ts';
import { HOSTILE_FILES } from '../support/files/hostile-files.ts';
import { pdfLine, toPdf } from '../support/files/pdf.ts';
import { readFile } from '../support/files/read-file.ts';

const HARMLESS = toPdf([pdfLine('Hello', 700)]);

/** Faults of files that are not parsed at all. */
const REFUSED = new Set(['bomb', 'mismatch', 'password', 'old office', 'unknown']);
const MAX_REFUSAL_MS = 1_500;

async function timed(use: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await use();
  return performance.now() - start;
}

describe('a hostile file', () => {
  test.each(HOSTILE_FILES)(
    '$name ends as $ends, in a process of 128 MB',
    { timeout: 60_000 },
    async ({ name, type, bytes, ends }) => {
      const file = bytes();
      const start = performance.now();
      const answer = await readFile(file, { name, ...(type !== undefined && { type }) }).catch((error: unknown) => {
        if (!(error instanceof ChildError)) throw error;
        return { fault: error.fault };
      });
      const firstMs = performance.now() - start;
      const end = 'fault' in answer ? answer.fault : 'text';
      expect(ends).toContain(end);
      if (!REFUSED.has(end)) return;
      if (firstMs < MAX_REFUSAL_MS) return;
      // Beside the time that a process takes here for a file that is not hostile. The best of three, since other tests run too.
      const times: number[] = [];
      for (let count = 0; count < 3 && !(Math.min(...times) < MAX_REFUSAL_MS); count += 1) {
        const ms = await timed(() => readFile(file, { name }));
        times.push(ms - (await timed(() => readFile(HARMLESS, { name: 'a.pdf' }))));
      }
      expect(Math.min(...times)).toBeLessThan(MAX_REFUSAL_MS);
    },
  );
});
