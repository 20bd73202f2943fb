import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMailboxName, encodeMailboxName } from '../../src/mail/mailbox-name.ts';

describe('names of mailboxes', () => {
  test('are the same after encoding and decoding', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/\p{Cs}/u.test(name)),
        (name) => {
          const wire = encodeMailboxName(name);
          expect(wire).toMatch(/^[\x20-\x7e]*$/);
          expect(decodeMailboxName(wire)).toBe(name);
        },
      ),
    );
  });

  test('are encoded in modified UTF-7', () => {
    expect(encodeMailboxName('Entwürfe & 日本')).toBe('Entw&APw-rfe &- &ZeVnLA-');
  });
});
