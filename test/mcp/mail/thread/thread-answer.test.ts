import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { participationsOf } from '../../../../src/mail/thread/participants.ts';
import type { Thread } from '../../../../src/mail/thread/thread.ts';
import { ThreadAnswer, threadAnswer } from '../../../../src/mcp/mail/thread/thread-answer.ts';
import { createOutgoing } from '../../../../src/mcp/outgoing.ts';
import { foundMessage } from '../../../mail/thread/messages.ts';

const session = { account: { fullName: 'Ida Brandt', email: 'me@example.test' }, timeZone: 'Europe/Berlin' };
const OWN = ['me@example.test'];

type Given = Parameters<typeof foundMessage>[0] & { text?: string | null };

/** A conversation of these messages, an hour apart. */
function threadOf(given: readonly Given[], turn: string[] = []): Thread {
  const messages = given.map(({ text: _, ...rest }, index) =>
    foundMessage({ at: new Date(Date.UTC(2026, 10, 7) + index * 3_600_000).toISOString(), ...rest }),
  );
  const participations = participationsOf(messages, OWN);
  return {
    ...{ turn, inWords: 'INBOX', notSearched: [], missing: 0 },
    messages: messages.flatMap((message, index) => {
      const participation = participations[index];
      const text = given[index]?.text;
      const read = { text: text === undefined ? `Text ${index}.` : text, isCut: false, hiddenLetters: 0 };
      const time = Date.parse(message.arrivedAt ?? '');
      return participation === undefined
        ? []
        : [{ ...participation, ...read, message, time, copies: [], isBySubject: false }];
    }),
  };
}

function answer(thread: Thread, maxChars = 14_000) {
  // biome-ignore lint/suspicious/noExplicitAny: only what is needed of an account
  return threadAnswer(thread, { searched: 'INBOX' }, { session: session as any, maxChars });
}

const MARA = 'Mara Lindqvist <mara@example.test>';

describe('the people of an answer', () => {
  test.each([
    ['Mara Lindqvist <mara@example.test>', 'ML'],
    ['Lindqvist, Mara <mara@example.test>', 'ML'],
    ['Anna Maria Berg <a@example.test>', 'AB'],
    ['mara.lindqvist@example.test', 'ML'],
    ['mara@example.test', 'MA'],
    ['mara@example.test <mara@example.test>', 'MA'],
    ['Ян Новак <jan@example.test>', 'ЯН'],
    ['山田 太郎 <yamada@example.test>', '山太'],
    ['Max Ernst <max@example.test>', 'M.E.'],
    ['42 <7@example.test>', 'P'],
  ])('have the initials as keys: %s', (from, key) => {
    const { messages, people } = answer(threadOf([{ from }]));
    expect(messages[0]?.from).toBe(key);
    expect(Object.keys(people)).toEqual(['me', key]);
  });

  test('have keys of their own if their names are the same', () => {
    const { messages, people } = answer(
      threadOf([
        { from: MARA, to: OWN },
        { from: 'Mara Lindqvist <mara@example.net>' },
        { from: 'Moritz Lang <m@example.test>' },
      ]),
    );
    expect(messages.map(({ from }) => from)).toEqual(['ML', 'ML2', 'ML3']);
    expect(people).toEqual({
      me: 'Ida Brandt <me@example.test>',
      ML: MARA,
      ML2: 'Mara Lindqvist <mara@example.net>',
      ML3: 'Moritz Lang <m@example.test>',
    });
  });

  test('are those of the rows, and whose turn it is', () => {
    const { turn, people } = answer(
      threadOf([{ from: MARA, to: ['Tom <tom@example.test>', ...OWN] }], ['me', 'tom@example.test']),
    );
    expect(turn).toBe('me, TO');
    expect(Object.keys(people)).toEqual(['me', 'TO', 'ML']);
    expect(answer(threadOf([{ from: MARA }])).turn).toBe('none');
  });

  test('are counted if a message has many', () => {
    const to = Array.from({ length: 1_000 }, (_, n) => `r${n}@example.test`);
    const { messages } = answer(threadOf([{ from: MARA, to }]));
    expect(messages[0]?.to?.at(-1)).toBe('994 more');
  });
});

describe('a row', () => {
  test('names the subject only if it is another one', () => {
    const { subject, messages } = answer(
      threadOf([{ subject: 'Boats' }, { subject: 'AW: boats' }, { subject: 'Re: Cars' }]),
    );
    expect(subject).toBe('Boats');
    expect(messages.map((row) => row.subject)).toEqual([undefined, undefined, 'Re: Cars']);
  });

  test('has its time in the time zone of the account owner', () => {
    expect(answer(threadOf([{}])).messages[0]?.date).toBe('2026-11-07T01:00:00+01:00');
  });

  test('names another domain to which answers go', () => {
    const replyTo = [{ name: '', address: 'mara@example.net' }];
    expect(answer(threadOf([{ from: MARA, replyTo }])).messages[0]?.reply_to).toBe('mara@example.net');
    const sameDomain = [{ name: '', address: 'office@example.test' }];
    expect(answer(threadOf([{ from: MARA, replyTo: sameDomain }])).messages[0]?.reply_to).toBeUndefined();
  });

  test('has what is deceiving in its text, within the size of the answer', () => {
    const text = `Pay at <javascript:alert(1)>. \u{e0041}\u{e0042}${'word '.repeat(300)}`;
    const made = answer(threadOf(Array.from({ length: 20 }, () => ({ text }))), 3_000);
    expect(JSON.stringify(createOutgoing(ThreadAnswer)(made)).length).toBeLessThanOrEqual(3_000);
    expect(made.messages.length + (made.older?.count ?? 0)).toBe(20);
  });

  test('says that more can be read if the text was not', () => {
    expect(answer(threadOf([{ text: null }])).messages[0]).toMatchObject({ cut: true });
    expect(answer(threadOf([{ text: '' }])).messages[0]).toMatchObject({ cut: true });
  });
});

describe('the size of an answer', () => {
  test('gives the newest messages whole texts, and older ones the start of theirs', () => {
    const text = 'word '.repeat(100).trim();
    const { messages } = answer(threadOf(Array.from({ length: 40 }, () => ({ from: MARA, text }))), 12_000);
    expect(messages).toHaveLength(40);
    expect(messages.at(-1)).toMatchObject({ text });
    expect(messages.at(-1)?.cut).toBeUndefined();
    expect(messages[0]).toMatchObject({ cut: true });
    expect(messages[0]?.text?.length).toBeLessThanOrEqual(120);
    expect(messages[0]?.text?.length).toBeGreaterThan(100);
  });

  test('counts the messages that there is no room for, and has their UIDs', () => {
    const { messages, older } = answer(threadOf(Array.from({ length: 1_000 }, () => ({ from: MARA }))));
    expect(messages.length).toBeGreaterThan(100);
    expect(older?.count).toBe(1_000 - messages.length);
    expect(older?.uids).toEqual([{ folder: 'INBOX', uids: expect.stringMatching(/^\d+:\d+$/) }]);
  });

  const given = fc.record({
    from: fc.integer({ min: 0, max: 40 }).map((n) => `Person ${n} <p${n}@example.test>`),
    to: fc.array(
      fc.integer({ min: 0, max: 300 }).map((n) => `r${n}@example.test`),
      { maxLength: 20 },
    ),
    mailbox: fc.constantFrom('INBOX', 'Sent', 'Projekte/Häfen'),
    subject: fc.string({ unit: 'grapheme', maxLength: 300 }),
    text: fc.option(fc.string({ unit: 'grapheme', maxLength: 400 }).map((text) => text.repeat(3))),
  });

  test('is never exceeded, and no message is left out without being counted', () => {
    fc.assert(
      fc.property(
        fc.array(given, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 500, max: 20_000 }),
        (all, maxChars) => {
          const made = answer(threadOf(all, ['me', 'r1@example.test']), maxChars);
          expect(JSON.stringify(made).length).toBeLessThanOrEqual(maxChars);
          expect(made.messages.length + (made.older?.count ?? 0)).toBe(all.length);
          for (const { from = '', to = [] } of made.messages) {
            for (const key of [from, ...to]) if (!key.endsWith(' more')) expect(made.people).toHaveProperty([key]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is found in time for thousands of messages', () => {
    const thread = threadOf(
      Array.from({ length: 2_500 }, (_, n) => ({ from: `P <p${n}@example.test>`, text: 'word '.repeat(1_000) })),
    );
    const startedAt = performance.now();
    answer(thread);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
