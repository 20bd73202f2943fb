import { describe, expect, test } from 'vitest';
import { parseAddressList } from '../../../../src/mail/mime/addresses.ts';
import { peopleTexts, rowAuthors, rowPeople, rowRecipients } from '../../../../src/mcp/mail/rows/people.ts';
import { personText } from '../../../../src/mcp/person-text.ts';

const person = (name: string, address: string) => ({ name, address });

describe('a person', () => {
  test.each([
    ['Ann Lee', 'ann@example.test', 'Ann Lee <ann@example.test>'],
    ['', 'ann@example.test', 'ann@example.test'],
    ['Berg, Ola', 'ola@example.test', '"Berg, Ola" <ola@example.test>'],
    ['Jo "the rock" B', 'jo@example.test', '"Jo \\"the rock\\" B" <jo@example.test>'],
    ['back\\slash', 'b@example.test', '"back\\\\slash" <b@example.test>'],
    ['Dr. Bo', 'bo@example.test', '"Dr. Bo" <bo@example.test>'],
    ['ANN@example.test', 'ann@example.test', 'ann@example.test'],
    ['other@example.test', 'ann@example.test', '"other@example.test" <ann@example.test>'],
    ['x'.repeat(100), 'a@b.test', `${'x'.repeat(79)}… <a@b.test>`],
    ['undisclosed-recipients', '', 'undisclosed-recipients:;'],
    ['me', '', 'me:;'],
    ['', 'me', '<me>'],
    ['田中 さくら', 'sakura@example.test', '田中 さくら <sakura@example.test>'],
    ['\u200b\u200b', 'ann@example.test', 'ann@example.test\u200b\u200b'],
  ])('%j with %j is %j', (name, address, expected) => {
    expect(personText(person(name, address))).toBe(expected);
  });

  test.each([
    ['Berg, Ola', 'ola@example.test'],
    ['Jo "the rock" B', 'jo@example.test'],
    ['A; B: C <x>', 'abc@example.test'],
    ['Ann (at work)', 'ann@example.test'],
    ['Ünal @ home', 'u@example.test'],
  ])('%j can be passed back as a recipient', (name, address) => {
    expect(parseAddressList(personText(person(name, address)), 'to')).toEqual([{ name, address }]);
  });
});

describe('the people of a row', () => {
  const own = ['ada@example.test', 'ada@bücher.example'];
  const others = (count: number) => Array.from({ length: count }, (_, n) => person('', `p${n}@example.test`));

  test('are three, and how many more there are', () => {
    expect(rowPeople({ people: others(3), mayBeCut: false }, own)).toHaveLength(3);
    expect(rowPeople({ people: others(4), mayBeCut: false }, own).at(-1)).toBe('1 more');
    expect(rowPeople({ people: others(1000), mayBeCut: true }, own).at(-1)).toBe('more than 997 more');
  });

  test('are left out as recipients if there is none but the account', () => {
    const ada = person('Ada', 'ADA@example.test');
    const alias = person('', 'ada@xn--bcher-kva.example');
    expect(rowRecipients({ people: [ada], mayBeCut: false }, own)).toEqual([]);
    expect(rowRecipients({ people: [ada, alias], mayBeCut: false }, own)).toEqual([]);
    expect(rowRecipients({ people: [alias, ...others(1)], mayBeCut: false }, own)).toEqual(['me', 'p0@example.test']);
    expect(rowRecipients({ people: [], mayBeCut: true }, own)).toEqual([]);
  });

  test.each([
    [['ADA@example.test'], true, { from: 'me', claims_me: false }],
    [['ada@xn--bcher-kva.example'], true, { from: 'me', claims_me: false }],
    [['ada@example.test'], false, { from: 'Ada <ada@example.test>', claims_me: true }],
    [
      ['p@example.test', 'ada@example.test'],
      false,
      { from: 'Ada <p@example.test>, Ada <ada@example.test>', claims_me: true },
    ],
    [['p@example.test'], false, { from: 'Ada <p@example.test>', claims_me: false }],
    [['p@example.test'], true, { from: 'Ada <p@example.test>', claims_me: false }],
    [[], false, { from: '', claims_me: false }],
  ])('are "me" as authors only if it is proven: %j, %j', (addresses, isProven, expected) => {
    const people = addresses.map((address) => person('Ada', address));
    expect(rowAuthors({ people, mayBeCut: false }, { ownAddresses: own, isProven })).toEqual(expected);
  });

  test('have a group without members only where there is no other', () => {
    const group = person('undisclosed-recipients', '');
    expect(rowRecipients({ people: [group], mayBeCut: false }, own)).toEqual(['undisclosed-recipients:;']);
    expect(peopleTexts([...others(1), group])).toEqual(['p0@example.test']);
    const nameless = { people: [person('', '')], mayBeCut: false };
    expect(rowRecipients(nameless, own)).toEqual([]);
    expect(rowAuthors(nameless, { ownAddresses: own, isProven: false }).from).toBe('');
  });
});
