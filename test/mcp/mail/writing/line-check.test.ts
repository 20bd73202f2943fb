/** Rules for bytes that can be sent as they are. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLineCheck } from '../../../../src/mcp/mail/writing/line-check.ts';

async function resultOf(text: string, pieceBytes = 3) {
  const bytes = Buffer.from(text, 'latin1');
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  const check = createLineCheck();
  const passed: Buffer[] = [];
  for await (const chunk of check.through(Readable.from(pieces, { objectMode: false }))) passed.push(chunk);
  expect(Buffer.concat(passed).equals(bytes)).toBe(true);
  return check.result();
}

test.each([
  ['a\r\nb\r\n', '7bit'],
  ['a', '7bit'],
  ['', '7bit'],
  [`${'x'.repeat(998)}\r\n`, '7bit'],
  ['Gr\u00fc\r\n', '8bit'],
  ['a\nb', null],
  ['a\rb', null],
  ['a\r\r\n', null],
  ['a\r', null],
  ['a\0b', null],
  [`${'x'.repeat(999)}\r\n`, null],
])('%j', async (text, result) => {
  expect(await resultOf(text)).toBe(result);
  expect(await resultOf(text, 1)).toBe(result);
});
