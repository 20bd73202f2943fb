import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byFrequency,
  imitatedWords,
  MAX_RECIPIENT_BYTES,
  organizationOf,
  recipientAddresses,
} from '../../../src/mail/history/known-domains.ts';

describe('the addresses of recipients', () => {
  test('are those of every address, whatever stands around it', () => {
    const header =
      'To: Ann <ann@a.example>, "Lee, Bo" <bo@mail.b.example>,\r\n\tc@C.EXAMPLE; d@d.co.uk\r\nCc: =?utf-8?Q?M=C3=BCller?= <m@münchen.example>\r\nBcc: undisclosed:;\r\n\r\n';
    expect(recipientAddresses(Buffer.from(header)).map(organizationOf)).toEqual([
      ...['a.example', 'b.example', 'c.example', 'd.co.uk', 'xn--mnchen-3ya.example'],
    ]);
  });

  test('do not include one whose end may be missing', () => {
    const header = Buffer.from(`To: ${'ann@a.example, '.repeat(100)}`).subarray(0, MAX_RECIPIENT_BYTES);
    expect(new Set(recipientAddresses(header))).toEqual(new Set(['ann@a.example']));
  });

  test('of any bytes are found without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(recipientAddresses(Buffer.from([...Buffer.from('x@'), ...bytes]))).toBeInstanceOf(Array);
      }),
    );
  });
});

test('the most often named domain comes first', () => {
  expect(byFrequency(['a.example', 'b.example', 'c.example', 'b.example'])).toEqual([
    ...['b.example', 'a.example', 'c.example'],
  ]);
});

test.each([
  ['service@payf1ow-secure.example', ['payflow']],
  ['x@payflow.login-verify.example', ['payflow']],
  ['x@rnicrosoft.example', ['rnicrosoft', 'microsoft']],
  ['x@xn--pypal-4ve.example', ['paypal']],
  ['x@gmx.example', []],
  ['x@mail.example', []],
  ['x@192.0.2.1', []],
  ['', []],
])('what %s may imitate is searched for by %j', (address, words) => {
  expect(imitatedWords(address)).toEqual(words);
});
