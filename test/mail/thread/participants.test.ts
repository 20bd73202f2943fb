import { describe, expect, test } from 'vitest';
import { participationsOf, whoseTurn } from '../../../src/mail/thread/participants.ts';
import { foundMessage, NO_VERDICT } from './messages.ts';

const OWN = ['me@example.test', 'Ida@Example.test'];
const ME = 'Ida Brandt <ida@example.test>';
const MARA = 'Mara Lindqvist <mara@example.test>';
const TOM = 'Tom <tom@example.test>';
const sent = new Set(['sent'] as const);

test.each([
  ['a message of a person', {}, true],
  ['what a program has written, such as a report of a failed delivery', { isAutomatic: true }, false],
  ['what a person has written to a list that marks it as bulk', { isAutomatic: true, isFromList: true }, true],
  ['a draft', { flags: ['\\Draft'] }, false],
])('%s can change whose turn it is, or not', (_, given, counts) => {
  expect(participationsOf([foundMessage(given)], OWN)[0]?.counts).toBe(counts);
});

describe('the sender of a message', () => {
  test.each([
    ['in Sent', { from: ME, roles: sent }],
    ['in Drafts', { from: ME, roles: new Set(['drafts'] as const) }],
    ['marked as a draft', { from: ME, flags: ['\\Draft'] }],
    [
      'signed by the domain',
      { from: 'X <IDA@example.test>', verdict: { ...NO_VERDICT, dkimDomains: ['example.test'] } },
    ],
  ])('is the account owner: %s', (_, given) => {
    expect(participationsOf([foundMessage(given)], OWN)[0]).toMatchObject({ sender: 'me', claimsMe: false });
  });

  test.each([
    ['without a signature', { from: ME }],
    ['signed by another domain', { from: ME, verdict: { ...NO_VERDICT, dkimDomains: ['example.net'] } }],
    [
      'signed as a server says that may write nothing',
      { from: ME, verdict: { ...NO_VERDICT, isAssumed: true, dkimDomains: ['example.test'] } },
    ],
    ['that fails DMARC', { from: ME, verdict: { ...NO_VERDICT, dmarc: 'fail', dkimDomains: ['example.test'] } }],
  ])('only claims to be the account owner: %s', (_, given) => {
    expect(participationsOf([foundMessage(given)], OWN)[0]).toMatchObject({
      sender: 'ida@example.test',
      claimsMe: true,
    });
  });

  test('is never the account owner by a name', () => {
    const [named] = participationsOf([foundMessage({ from: 'me@example.test <eve@example.net>', roles: sent })], OWN);
    expect(named).toMatchObject({ sender: 'eve@example.net', claimsMe: false });
  });

  test.each([
    ['a draft', { from: ME, flags: ['\\Draft'] }, false],
    ['an automatic answer', { isAutomatic: true }, false],
    ['a forged message', { verdict: { ...NO_VERDICT, dmarc: 'fail' } }, false],
    ['a message of a mailing list', { isAutomatic: true, isFromList: true }, true],
    ['any other message', {}, true],
  ])('counts for the turn, or does not: %s', (_, given, counts) => {
    expect(participationsOf([foundMessage(given)], OWN)[0]?.counts).toBe(counts);
  });

  test('has joined if no message before was addressed to that address', () => {
    const all = participationsOf(
      [
        foundMessage({ from: MARA, to: [ME], cc: [TOM] }),
        foundMessage({ from: TOM, to: [MARA] }),
        foundMessage({ from: 'Mara Lindqvist <mara@example.net>', to: [ME] }),
        foundMessage({ from: 'Mara Lindqvist <mara@example.net>', to: [ME] }),
        foundMessage({ from: ME, to: [MARA], roles: sent }),
      ],
      OWN,
    );
    expect(all.map(({ hasJoined }) => hasJoined)).toEqual([false, false, true, false, false]);
  });

  test('may be missing', () => {
    expect(participationsOf([foundMessage({ from: '' }), foundMessage({ from: '' })], OWN)[1]).toMatchObject({
      sender: '',
      hasJoined: false,
    });
  });
});

/** `a>bc?`: a writes to b and c, and asks. A leading `!` is a message that does not count. */
function turnOf(...lines: string[]): string {
  const messages = lines.map((line) => {
    const [, not, sender = '', to = '', asks] = /^(!?)(\w)>(\w*)(\??)$/.exec(line) ?? [];
    const name = (letter: string) => (letter === 'm' ? 'me' : letter);
    return { sender: name(sender), to: [...to].map(name), asks: asks === '?', counts: not === '' };
  });
  return whoseTurn(messages).join(' ');
}

describe('the turn', () => {
  test.each([
    ['those to whom the last message is addressed', ['a>m'], 'me'],
    ['all of them', ['a>bm'], 'me b'],
    ['not its sender', ['a>am'], 'me'],
    ['those who were asked and have not written since', ['a>bc?', 'b>a', 'd>b'], 'b c'],
    ['those who are asked back', ['a>m?', 'm>a?'], 'a'],
    ['those who are asked by an answer', ['a>m?', 'm>ab?'], 'a b'],
    ['those who were asked before they wrote something else to others', ['a>m?', 'b>c'], 'me c'],
    ['no person after an answer', ['a>m?', 'm>a'], ''],
    ['no person if the message has no recipient', ['a>'], ''],
    ['the others who were asked, after the answer of one', ['a>mb?', 'm>a'], 'b'],
    ['the recipients of a message that follows the answer', ['a>m?', 'm>a', 'a>m'], 'me'],
    ['as it was before a draft or a forged message', ['a>m?', '!m>a'], 'me'],
    ['no person in an empty conversation', [], ''],
  ])('is that of %s', (_, lines, expected) => {
    expect(turnOf(...lines)).toBe(expected);
  });
});
