import { describe, expect, test } from 'vitest';
import { isOwnAddress } from '../../src/mail/own-address.ts';

describe('an own address', () => {
  test.each([
    ['ada@example.test', ['ada@example.test'], true],
    ['ADA@Example.TEST', ['ada@example.test'], true],
    ['ada@bücher.example', ['ada@xn--bcher-kva.example'], true],
    ['ada@xn--bcher-kva.example', ['Ada@BÜCHER.example'], true],
    ['lovelace@example.test', ['ada@example.test', 'Lovelace@example.test'], true],
    ['ada@example.test.evil.test', ['ada@example.test'], false],
    ['ada', ['ada@example.test'], false],
    ['xada@example.test', ['ada@example.test', 'lovelace@example.test'], false],
    ['', ['', 'ada@example.test'], false],
    ['ada@example.test', [], false],
  ])('%j is one of %j: %j', (address, own, expected) => {
    expect(isOwnAddress(address, own)).toBe(expected);
  });
});
