import { describe, expect, test } from 'vitest';
import { boundedItem, lacksLists, NodeBudget } from '../../../src/mail/imap/bounded-item.ts';
import type { Item } from '../../../src/mail/imap/data-formats.ts';
import { readBodyStructure } from '../../../src/mail/mime/body-structure.ts';
import { readEnvelope } from '../../../src/mail/mime/envelope.ts';

describe('a response item whose size a sender decides', () => {
  test('keeps the start of a long string, as a copy', () => {
    const value = Buffer.alloc(10_000_000, 'x');
    const kept = boundedItem({ type: 'LITERAL', value });
    expect(kept).toMatchObject({ value: Buffer.alloc(64 * 1024, 'x') });
    expect(kept !== null && 'value' in kept && Buffer.isBuffer(kept.value) && kept.value.buffer.byteLength).toBe(
      64 * 1024,
    );
  });

  test('keeps the first of too many parts, and the type of the multipart', () => {
    const part = ['text', 'plain', null, null, null, '7bit', '5', '1'].map(item);
    const many = Array.from({ length: 50_000 }, () => part);
    const { type, children, parameters } = readBodyStructure(
      boundedItem([...many, item('alternative'), [item('boundary'), item('b')]]),
    );
    expect(type).toBe('multipart/alternative');
    expect(parameters.get('boundary')).toBe('b');
    expect(children.length).toBeGreaterThan(500);
    expect(children.length).toBeLessThan(2_000);
    expect(children.every((child) => child.type === 'text/plain')).toBe(true);
  });

  test('keeps the first of too many addresses, and the fields behind them', () => {
    const address = [null, null, item('ann'), item('example.test')];
    const to = Array.from({ length: 100_000 }, () => address);
    const { to: kept, messageId } = readEnvelope(
      boundedItem([item('a date'), item('a subject'), null, null, null, to, to, to, null, item('<id@example.test>')]),
      null,
    );
    expect(kept).toHaveLength(1_000);
    expect(messageId).toBe('<id@example.test>');
  });

  test.each([
    ['a hundred thousand in one', 100_000, false, true],
    ['a thousand in each of many messages', 1_000, true, true],
    ['three', 3, false, false],
    ['three, after messages with many', 3, true, false],
  ])('says whether addresses were left out: %s', (_, count, isAfterMany, expected) => {
    const address = [null, null, item('ann'), item('example.test')];
    const of = (length: number) => [item('a date'), Array.from({ length }, () => address), null];
    const budget = new NodeBudget();
    if (isAfterMany) for (let n = 0; n < 10; n += 1) boundedItem(of(1_000), budget);
    expect(lacksLists(boundedItem(of(count), budget))).toBe(expected);
  });

  test('is bounded however deep it is nested', () => {
    let deep: Item = item('x');
    for (let level = 0; level < 2_000; level += 1) deep = [deep, ...Array.from({ length: 20 }, () => [item('y')])];
    expect(count(boundedItem(deep))).toBeLessThan(20_000);
  });
});

function item(value: string | null): Item {
  return value === null ? null : { type: 'STRING', value };
}

function count(kept: Item): number {
  if (kept === null || !Array.isArray(kept)) return 1;
  return kept.reduce<number>((sum, one) => sum + count(one), 1);
}
