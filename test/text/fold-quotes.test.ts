import { describe, expect, test } from 'vitest';
import { foldQuotes } from '../../src/text/fold-quotes.ts';

const PLAN = `Hello all,

the council has released the money for the harbour lights. We have a
budget ceiling of 48,200 euros including the survey.

Shall we begin with pier 7? Who orders the crane?

-- 
Mara Lindqvist
Harbour Lights project group`;

const marked = (text: string) => text.replace(/^(?=>)/gm, '>').replace(/^(?!>)/gm, '> ');
const INTRODUCTION = 'On 2026-11-07 at 12:00, Mara Lindqvist wrote:';
const OUTLOOK =
  'From: Mara Lindqvist <mara@example.test>\nSent: Saturday, 7 November 2026 12:00\nTo: Ida Brandt\nSubject: Harbour lights\n';

/** The texts of a conversation, each message answering the one before it. */
function fold(...texts: string[]): string[] {
  return foldQuotes({
    messages: texts.map((text, index) => ({ text, parent: index === 0 ? null : index - 1 })),
    chars: 10_000,
  }).map(({ text }) => text);
}

describe('a quotation of a message of the conversation', () => {
  test.each([
    ['below the answer', `Pier 7 first.\n\n${INTRODUCTION}\n${marked(PLAN)}`],
    ['above the answer', `${INTRODUCTION}\n${marked(PLAN)}\n\nPier 7 first.`],
    ['below a header', `Pier 7 first.\n\n${OUTLOOK}\n${PLAN}`],
    ['below a separator', `Pier 7 first.\n\n-----Original Message-----\n${OUTLOOK}\n${PLAN}`],
    ['wrapped otherwise', `Pier 7 first.\n\n${INTRODUCTION}\n${marked(PLAN.replace(/(?<=\S)\n(?=\S)/g, ' '))}`],
    [
      'with other links',
      `Pier 7 first.\n\n${INTRODUCTION}\n${marked(PLAN.replace('council', 'council <https://example.test/a>'))}`,
    ],
    ['without a mark or a header', `Pier 7 first.\n\n${PLAN}`],
    ['below a signature', `Pier 7 first.\n\n-- \nIda\n\n${INTRODUCTION}\n${marked(PLAN)}`],
  ])('is folded: %s', (_, answer) => {
    expect(fold(PLAN, answer)[1]).toBe('Pier 7 first.');
  });

  test('is folded at any depth', () => {
    const first = `Pier 7 first.\n\n${INTRODUCTION}\n${marked(PLAN)}`;
    const second = `I order the crane.\n\nOn 2026-11-08 at 13:00, Ida Brandt wrote:\n${marked(first)}`;
    const third = `Good.\n\nOn 2026-11-09 at 14:00, Tom Lee wrote:\n${marked(second)}`;
    expect(fold(PLAN, first, second, third).slice(1)).toEqual(['Pier 7 first.', 'I order the crane.', 'Good.']);
  });

  test('is folded if the clock of its author is ahead', () => {
    expect(fold(`Pier 7 first.\n\n${INTRODUCTION}\n${marked(PLAN)}`, PLAN)[0]).toBe('Pier 7 first.');
  });

  test.each([
    ['marked', `${INTRODUCTION}\n> Shall we begin with pier 7?\n\nYes, please.\n\n> Who orders the crane?\n\nI do.`],
    [
      'whole and marked',
      `${marked(PLAN.replace('7? Who', '7?\nWho')).replace('7?', '7?\n\nYes, please.\n').replace('crane?', 'crane?\n\nI do.\n')}`,
    ],
    [
      'not marked',
      `${OUTLOOK}\n${PLAN.replace('pier 7? ', 'pier 7?\nYes, please.\n').replace('crane?', 'crane?\nI do.')}`,
    ],
  ])('leaves what the answers between its lines refer to: %s', (_, answer) => {
    const [, text = ''] = fold(PLAN, answer);
    expect(text.replace(/\n+/g, '\n')).toBe(
      '> Shall we begin with pier 7?\nYes, please.\n> Who orders the crane?\nI do.',
    );
  });

  test('leaves an excerpt that is answered', () => {
    const [, text] = fold(PLAN, `${INTRODUCTION}\n> Who orders the crane?\n\nI do.`);
    expect(text).toBe('> Who orders the crane?\n\nI do.');
  });

  test('is said to be all of a message that adds nothing', () => {
    expect(fold(PLAN, `${INTRODUCTION}\n${marked(PLAN)}`)[1]).toBe('[only quotes what is above]');
  });
});

describe('a quotation of any other message', () => {
  const OTHER = 'The old cables of pier 9 have to be\nremoved by divers before April.';

  test.each([
    ['marked', `See below.\n\n${INTRODUCTION}\n${marked(OTHER)}`, `See below.\n\n${INTRODUCTION}\n${marked(OTHER)}`],
    ['below a header', `See below.\n\n${OUTLOOK}\n${OTHER}`, `See below.\n\n${OUTLOOK}${marked(OTHER)}`],
    [
      'forwarded',
      `---------- Forwarded message ---------\n${OUTLOOK}\n${OTHER}`,
      `---------- Forwarded message ---------\n${OUTLOOK}${marked(OTHER)}`,
    ],
  ])('stays and is marked: %s', (_, answer, expected) => {
    expect(fold(PLAN, answer)[1]).toBe(expected);
  });

  test('stays below one that is folded', () => {
    const answer = `Yes.\n\n${INTRODUCTION}\n${marked(`${PLAN}\n\nOn 2026-11-01 at 12:00, Bo Verhoeven wrote:\n${marked(OTHER)}`)}`;
    expect(fold(PLAN, answer)[1]).toBe(`Yes.\n\nOn 2026-11-01 at 12:00, Bo Verhoeven wrote:\n${marked(OTHER)}`);
  });

  test('stays once', () => {
    const first = `Pier 7 first.\n\n${INTRODUCTION}\n${marked(OTHER)}`;
    const second = `Good.\n\nOn 2026-11-08 at 13:00, Ida Brandt wrote:\n${marked(first)}`;
    expect(fold(first, second)).toEqual([first, 'Good.']);
  });

  test('stays if it differs in a single number', () => {
    const [, text] = fold(PLAN, `Please pay.\n\n${INTRODUCTION}\n${marked(PLAN.replace('48,200', '84,200'))}`);
    expect(text).toContain('> budget ceiling of 84,200 euros');
    expect(text).not.toContain('council');
  });

  test('is cut if it is long', () => {
    const long = Array.from({ length: 1_000 }, (_, n) => `Line ${n} of a long report about it.`).join('\n');
    const [, text = ''] = fold(PLAN, `See below.\n\n${INTRODUCTION}\n${marked(long)}`);
    expect(text.length).toBeLessThan(5_000);
    expect(text).toContain('> […]');
  });
});

describe('what an author asks', () => {
  test('is in the own text', () => {
    const [first, second, third] = foldQuotes({
      messages: [
        { text: PLAN, parent: null },
        { text: `Pier 7 first.\n\n${INTRODUCTION}\n${marked(PLAN)}`, parent: 0 },
        { text: `${OUTLOOK}\n${PLAN.replace('crane?', 'crane?\nCan you do it?')}`, parent: 0 },
      ],
      chars: 10_000,
    });
    expect([first?.question, second?.question, third?.question]).toEqual([
      'Shall we begin with pier 7?',
      undefined,
      'Can you do it?',
    ]);
  });
});

describe('a long conversation', () => {
  test('of messages that quote all before them is folded in time', () => {
    const texts: string[] = [];
    for (let n = 0; n < 60; n += 1) {
      const own = Array.from({ length: 60 }, (_, word) => `word${n}x${word}`).join(' ');
      texts.push(`${own}\n\n${n === 0 ? '' : `On 2026-11-07 at 12:00, Mara wrote:\n${marked(texts[n - 1] ?? '')}`}`);
    }
    const before = process.threadCpuUsage();
    const folded = fold(...texts);
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(1_500);
    for (const [n, text] of folded.entries()) expect(text).toMatch(new RegExp(`^word${n}x0 .* word${n}x59$`));
  });

  test.each([
    ['> > > > > > '],
    ['> a\n'],
    ['From: a\nTo: b\nSubject: c\n\n'],
    ['> On 2026-11-07, Ann wrote:\n'],
    ['a '],
    ['漢'],
    ['> a b c d e\nf\n'],
  ])('is folded in time if it has nothing but %j', (unit) => {
    const text = unit.repeat(500_000 / unit.length);
    const before = process.threadCpuUsage();
    fold(text, text, text);
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(6_000);
  });
});
