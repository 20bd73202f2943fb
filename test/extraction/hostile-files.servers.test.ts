import { describe, expect, test } from 'vitest';
import { ChildError } from '../../src/extraction/child-process.ts';
import { HOSTILE_FILES } from '../support/files/hostile-files.ts';
import { readFile } from '../support/files/read-file.ts';

describe('a hostile file', () => {
  test.each(HOSTILE_FILES)(
    '$name ends as $ends, in a process of 128 MB',
    { timeout: 60_000 },
    async ({ name, type, bytes, ends }) => {
      const file = bytes();
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const answer = await readFile(file, { name, ...(type !== undefined && { type }) }).catch((error: unknown) => {
        if (!(error instanceof ChildError)) throw error;
        return { fault: error.fault };
      });
      expect(ends).toContain('fault' in answer ? answer.fault : 'text');
    },
  );
});
