import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ToolError } from '../../../src/errors.ts';
import { envelopeAddresses, parseAddressList } from '../../../src/mail/mime/addresses.ts';

function refusal(list: string): string {
  try {
    parseAddressList(list, 'cc');
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('parseAddressList (RFC 5322 §3.4)', () => {
  test.each([
    ['', []],
    ['ann@example.test', [{ name: '', address: 'ann@example.test' }]],
    ['Ann Lee <ann@Example.TEST>', [{ name: 'Ann Lee', address: 'ann@example.test' }]],
    [
      '"Lee, Ann" <ann@example.test>,bob@example.test',
      [
        { name: 'Lee, Ann', address: 'ann@example.test' },
        { name: '', address: 'bob@example.test' },
      ],
    ],
    ['ann@example.test (Ann at work)', [{ name: 'Ann at work', address: 'ann@example.test' }]],
    ['Ünal Öz <ünal@example.test>', [{ name: 'Ünal Öz', address: 'ünal@example.test' }]],
    ['ann@bücher.example', [{ name: '', address: 'ann@xn--bcher-kva.example' }]],
    ['"ann@home" <ann@example.test>', [{ name: 'ann@home', address: 'ann@example.test' }]],
    ['"odd name"@example.test', [{ name: '', address: '"odd name"@example.test' }]],
    ['ann@localhost', [{ name: '', address: 'ann@localhost' }]],
    [
      'ann@a.test; bob@b.test',
      [
        { name: '', address: 'ann@a.test' },
        { name: '', address: 'bob@b.test' },
      ],
    ],
    ['undisclosed-recipients:;', [{ name: 'undisclosed-recipients', group: [] }]],
    [
      'Team: Ann <ann@a.test>, bob@b.test;, eve@c.test',
      [
        {
          name: 'Team',
          group: [
            { name: 'Ann', address: 'ann@a.test' },
            { name: '', address: 'bob@b.test' },
          ],
        },
        { name: '', address: 'eve@c.test' },
      ],
    ],
  ])('%s is parsed', (list, entries) => {
    expect(parseAddressList(list, 'to')).toEqual(entries);
  });

  test.each([
    ['ann@example.test, bob', 'cc, address 2, "bob": not a valid email address'],
    ['ann', 'cc, address 1, "ann"'],
    ['Team: ann@a.test, bob@;, eve@c.test', 'cc, address 2, "bob@"'],
    ['ann@', 'cc, address 1'],
    ['@example.test', 'cc, address 1'],
    ['ann..lee@example.test', 'cc, address 1'],
    ['ann@exa mple.test', 'cc, address 1, "ann@exa mple.test"'],
    ['Bob <bob@b.test>, ann@exa mple.test', 'cc, address 2'],
    ['ann@-bad.test', 'cc, address 1'],
    ['ann@example..test', 'cc, address 1'],
    ['ann@[192.0.2.1]', 'cc, address 1'],
    ['ann@192.0.2.1', 'cc, address 1'],
    ['ann@0x7f.1', 'cc, address 1'],
    ['ann@evil.test/good.test', 'cc, address 1'],
    [`${'a'.repeat(65)}@example.test`, 'cc, address 1'],
    [`ann@${'a'.repeat(64)}.test`, 'cc, address 1'],
    ['ann@a.test bob@b.test', 'cc, address 1, "ann@a.test bob@b.test"'],
    ['ann@a.test <bob@b.test>', 'cc: an address holds more than one @'],
    ['mailto:ann@a.test', 'without mailto:'],
    ['ann@a.test\r\nBcc: eve@c.test', 'cc: line breaks and control characters'],
    ['ann@a.test\0', 'cc: line breaks and control characters'],
    ['"\ud800" <ann@a.test>', 'cc: line breaks and control characters'],
    [`${'a'.repeat(100)}@@`, '…"'],
    [`ann@a.test${' '.repeat(50_000)}`, 'cc: longer than 50000'],
  ])('%j is refused with: %s', (list, sentence) => {
    expect(refusal(list)).toContain(sentence);
  });

  test('any text is refused, or yields addresses with one @ and an ASCII domain', () => {
    const list = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc
        .array(
          fc.constantFrom('a@b.test', '"', ',', ';', ':', '<', '>', '(', ')', '\\', ' ', 'x', '@', 'ü', '[', ']', '.'),
          { maxLength: 15 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(list, (text) => {
        if (refusal(text) !== 'accepted') return;
        for (const address of envelopeAddresses(parseAddressList(text, 'to'))) {
          expect(address).toMatch(/^(?:[^\s"@<>(),;]+|"[^\r\n]+")@[a-z0-9.-]+$/u);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

test('the envelope has each recipient once, members of groups too', () => {
  const entries = parseAddressList('ann@a.test, Ann <ann@A.test>, Team: bob@b.test, ann@a.test;', 'to');
  expect(envelopeAddresses(entries)).toEqual(['ann@a.test', 'bob@b.test']);
});
