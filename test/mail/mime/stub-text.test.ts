import { expect, test } from 'vitest';
import { isStubBeside, mayBeStub } from '../../../src/mail/mime/stub-text.ts';

test.each(['x', 'x@', ' a', '@', ' https://a.example/b', 'view '])(
  'a megabyte of %j is judged without delaying other calls',
  (unit) => {
    const text = unit.repeat(1_000_000 / unit.length);
    const startedAt = performance.now();
    mayBeStub(text);
    isStubBeside(text, text);
    // A few milliseconds on a machine that does nothing else.
    expect(performance.now() - startedAt).toBeLessThan(500);
  },
);
