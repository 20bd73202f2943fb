import { describe, expect, test } from 'vitest';
import { JsonScanner } from '../../src/body/json-limits.ts';
import { parseJson } from '../../src/body/parse-json.ts';

function parse(text: string): Promise<unknown> {
  const bytes = Buffer.from(text);
  const scanner = new JsonScanner();
  scanner.push(bytes);
  return parseJson(bytes, scanner.longStrings);
}

const LONG = 700_000;

describe('HTTP-03 JSON with long texts', () => {
  test.each([
    ['letters', 'x'.repeat(LONG)],
    ['line breaks', '\n'.repeat(LONG)],
    ['quotes and backslashes', '"\\'.repeat(LONG / 2)],
    ['wide characters', '漢'.repeat(LONG)],
    ['characters of two units', `x${'😀'.repeat(LONG / 2)}`],
    ['units without their other half', '\ud83d'.repeat(LONG)],
    ['letters and a wide one', `${'x'.repeat(LONG)}漢`],
    ['a text that looks like JSON', '{"a":[1,2,'.repeat(LONG / 10)],
    ['a mixture', 'a\u0000"ü\\漢\n😀/'.repeat(LONG / 10)],
  ])('is the value that JSON.parse() makes: %s', async (_name, text) => {
    const values = [{ a: text }, [text, text], { a: { b: [1, text], c: 'short' } }, text];
    for (const value of values) expect(await parse(JSON.stringify(value))).toEqual(value);
  });

  test('may have every character escaped', async () => {
    for (const sequence of ['\\u0041', '\\u6f22', '\\/', '\\b', '\\ud83d\\ude00']) {
      const text = `{"a":"${sequence.repeat(60_000)}"}`;
      expect(await parse(text)).toEqual(JSON.parse(text));
    }
  });

  test('has the names of its objects as they are, __proto__ too', async () => {
    const text = `{"__proto__":"${'x'.repeat(LONG)}","a":{"__proto__":{"b":1}}}`;
    const value = await parse(text);
    expect(JSON.stringify(value)).toBe(text);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test.each([
    ['an escape that JSON does not have', `{"a":"${'x'.repeat(LONG)}\\x"}`],
    ['an escape that is not complete', `{"a":"${'x'.repeat(LONG)}\\u00"}`],
    ['a line break that is not escaped', `{"a":"${'x'.repeat(LONG)}\n"}`],
    ['two texts without a comma', `["${'x'.repeat(LONG)}" "${'x'.repeat(LONG)}"]`],
    ['a text without an end', `{"a":"${'x'.repeat(LONG)}`],
    ['no value', '{"a":}'],
  ])('is refused if it is not JSON: %s', async (_name, text) => {
    await expect(parse(text)).rejects.toMatchObject({ status: 400 });
  });

  test.each([
    ['a long name', `{"${'k'.repeat(LONG)}":1}`],
    ['much space', `{${' '.repeat(5_000_000)}}`],
    ['a long number', `[${'1'.repeat(5_000_000)}]`],
    ['names of some length', `{${Array.from({ length: 5000 }, (_, n) => `"${'k'.repeat(1000)}${n}":1`).join(',')}}`],
  ])('is refused beside them: %s', async (_name, text) => {
    await expect(parse(text)).rejects.toMatchObject({ status: 413 });
  });

  test('leaves other work its turn', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    await parse(JSON.stringify({ a: 'x\n'.repeat(2_000_000) }));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
