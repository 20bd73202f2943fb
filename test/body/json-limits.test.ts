import { describe, expect, test } from 'vitest';
import { JsonScanner } from '../../src/body/json-limits.ts';

const faultOf = (text: string, limits = { values: 5, depth: 3 }) => new JsonScanner(limits).push(Buffer.from(text));

/** The same text, a byte at a time. */
function faultByteByByte(text: string, limits = { values: 5, depth: 3 }) {
  const scanner = new JsonScanner(limits);
  return [...Buffer.from(text)].map((byte) => scanner.push(Buffer.from([byte]))).find((fault) => fault !== undefined);
}

describe('HTTP-03 the limits of JSON', () => {
  test.each([
    ['{"a":1,"b":[2,3]}', 'five values'],
    ['[[[1]]]', 'three levels'],
    ['{"a":"[[[[{{{{,,,,,,,,"}', 'brackets and commas in a text'],
    ['{"[[[[,,,,,,":1}', 'brackets and commas in a key'],
    [String.raw`{"a":"\"[[[[,,,,,,,,"}`, 'brackets after an escaped quote'],
    [String.raw`{"a":"\\\"[[[[,,,,,,"}`, 'brackets after a backslash and an escaped quote'],
    ['[1][1][1]', 'no JSON, with few values'],
    [']]]]]]]]', 'no JSON, with brackets that close nothing'],
    ['"', 'a text without an end'],
    ['', 'nothing'],
    ['{"a":"漢字,[[[[[[[,,,,,"}', 'wide characters'],
  ])('%s is within them: %s', (text) => {
    expect(faultOf(text)).toBeUndefined();
    expect(faultByteByByte(text)).toBeUndefined();
  });

  test.each([
    ['[1,2,3,4,5,6]', 'too many values'],
    ['[{},{},{},{},{}]', 'too many values'],
    ['{"a":1,"a":1,"a":1,"a":1,"a":1,"a":1}', 'too many values'],
    [',,,,,,', 'too many values'],
    [String.raw`["\\",1,1,1,1,1]`, 'too many values'],
    ['[[[[', 'too deep'],
    ['{"a":{"a":{"a":{', 'too deep'],
    ['[{"a":[{"a":1}]}]', 'too deep'],
    [String.raw`["\\",[[[1]]]]`, 'too deep'],
  ])('%s exceeds them: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
    expect(faultByteByByte(text)).toBe(fault);
  });

  test('count what JSON.parse() would create, or more', () => {
    const size = (value: unknown): number =>
      1 +
      (typeof value === 'object' && value !== null
        ? Object.values(value).reduce((sum: number, inner) => sum + size(inner), 0)
        : 0);
    for (const text of ['[]', '{}', '1', '[1,[2,{"a":3}],[]]', '{"a":{},"b":[[],[]]}', '["a,b","{"]']) {
      const values = size(JSON.parse(text));
      expect(faultOf(text, { values: values - 1, depth: 9 }), text).toBe('too many values');
      expect(faultOf(text, { values: values * 2, depth: 9 }), text).toBeUndefined();
    }
  });
});
