import { describe, expect, test } from 'vitest';
import { inOrder, linkedById, linkedBySubject, rootOf } from '../../../src/mail/thread/link-messages.ts';
import { foundMessage } from './messages.ts';

const OWN = ['me@example.test'];
const ME = 'Me <me@example.test>';
const BO = 'Bo <bo@example.test>';
const EVE = 'Eve <eve@example.net>';

describe('messages that ids connect', () => {
  test.each([
    ['its answer', { references: ['<root@x>'], inReplyTo: '<root@x>' }],
    ['an answer without References', { inReplyTo: '<root@x>' }],
    ['an answer whose References were cut at the start', { references: ['<mid@x>'] }],
    ['an answer to a message that is not there', { references: ['<root@x>', '<lost@x>'], inReplyTo: '<lost@x>' }],
    ['a message that claims to belong to it', { from: EVE, references: ['<root@x>'] }],
  ])('are a conversation: %s', (_, given) => {
    const root = foundMessage({ messageId: '<root@x>' });
    const mid = foundMessage({ messageId: '<mid@x>', references: ['<root@x>'] });
    const answer = foundMessage(given);
    const other = foundMessage();
    expect(linkedById(root, [root, mid, answer, other])).toEqual([root, mid, answer]);
    expect(linkedById(answer, [root, mid, answer, other])).toEqual([root, mid, answer]);
  });

  test('are a conversation although the first one is missing', () => {
    const one = foundMessage({ references: ['<root@x>'] });
    const two = foundMessage({ references: ['<root@x>', '<lost@x>'] });
    expect(linkedById(one, [two, one])).toEqual([two, one]);
  });

  test('may refer to each other in a circle', () => {
    const one = foundMessage({ messageId: '<1@x>', references: ['<2@x>'], inReplyTo: '<2@x>' });
    const two = foundMessage({ messageId: '<2@x>', references: ['<1@x>', '<2@x>'], inReplyTo: '<1@x>' });
    expect(linkedById(one, [one, two])).toEqual([one, two]);
    expect(inOrder([two, one]).map(({ message }) => message)).toHaveLength(2);
  });

  test('may be those that the server puts into one thread', () => {
    const one = foundMessage({ threadId: '7' });
    const two = foundMessage({ threadId: '7' });
    const other = foundMessage({ threadId: '8' });
    expect(linkedById(one, [one, two, other])).toEqual([one, two]);
  });

  test('have no part in common with messages without ids', () => {
    const one = foundMessage({ messageId: null });
    const two = foundMessage({ messageId: null });
    expect(linkedById(one, [one, two])).toEqual([one]);
  });

  test.each([
    ['the first of References', { references: ['<a@x>', '<b@x>'], inReplyTo: '<b@x>', messageId: '<c@x>' }, '<a@x>'],
    ['else In-Reply-To', { inReplyTo: '<b@x>', messageId: '<c@x>' }, '<b@x>'],
    ['else their own', { messageId: '<c@x>' }, '<c@x>'],
    ['else none', { messageId: null }, null],
  ])('have as their root %s', (_, given, root) => {
    expect(rootOf(foundMessage(given))).toBe(root);
  });
});

describe('messages without References', () => {
  const seed = foundMessage({ from: BO, to: [ME], subject: 'Harbour lights' });

  test.each([
    ['an answer', { from: ME, to: [BO], subject: 'AW: Harbour lights', at: '2026-11-09T12:00:00Z' }],
    ['an answer without a prefix', { from: ME, to: [BO], subject: 'Harbour lights', at: '2026-11-09T12:00:00Z' }],
    [
      'a second message of the same people',
      { from: BO, to: [ME], subject: 'Re: Harbour lights', at: '2026-12-01T12:00:00Z' },
    ],
  ])('are a conversation by their subject: %s', (_, given) => {
    const other = foundMessage(given);
    expect(linkedBySubject([seed], [other], OWN)).toEqual([other]);
  });

  test.each([
    ['another subject', { from: ME, to: [BO], subject: 'Re: Harbour crane' }],
    ['other people', { from: EVE, to: [ME], subject: 'Re: Harbour lights' }],
    ['the same sender again, as newsletters and invoices have it', { from: BO, to: [ME], subject: 'Harbour lights' }],
    ['long after', { from: ME, to: [BO], subject: 'Re: Harbour lights', at: '2026-12-09T12:00:00Z' }],
    ['an answer to something else', { from: ME, to: [BO], subject: 'Re: Harbour lights', inReplyTo: '<other@x>' }],
  ])('are none: %s', (_, given) => {
    expect(linkedBySubject([seed], [foundMessage({ at: '2026-11-08T12:00:00Z', ...given })], OWN)).toEqual([]);
  });

  test('are not taken for what an answer with References answers', () => {
    const answer = foundMessage({
      from: ME,
      to: [BO],
      subject: 'Re: Harbour lights',
      references: ['<1@x>'],
      at: '2026-11-08T12:00:00Z',
    });
    const shop = foundMessage({ from: EVE, to: [ME], subject: 'Harbour lights' });
    expect(linkedBySubject([seed, answer], [shop], OWN)).toEqual([]);
  });

  test('are followed from answer to answer', () => {
    const days = ['2026-11-30', '2026-12-20', '2027-01-10'];
    const answers = days.map((day) =>
      foundMessage({ from: ME, to: [BO], subject: 'Re: Harbour lights', at: `${day}T12:00:00Z` }),
    );
    expect(linkedBySubject([seed], [...answers].reverse(), OWN)).toHaveLength(3);
  });

  test('are none without a subject', () => {
    const empty = foundMessage({ from: BO, subject: '' });
    expect(linkedBySubject([empty], [foundMessage({ from: ME, to: [BO], subject: 'Re:' })], OWN)).toEqual([]);
  });
});

describe('the order of a conversation', () => {
  const uids = (...messages: ReturnType<typeof foundMessage>[]) => inOrder(messages).map(({ message }) => message.uid);

  test('is that of arrival', () => {
    const first = foundMessage({ at: '2026-11-07T12:00:00Z', sentAt: '2026-11-07T20:00:00Z' });
    const second = foundMessage({ at: '2026-11-07T13:00:00Z', sentAt: '2026-11-07T10:00:00Z' });
    expect(uids(second, first)).toEqual([first.uid, second.uid]);
  });

  test('of a message that was added later is that of its topmost Received field, or of its Date if it has none', () => {
    const imported = { arrivedAt: '2027-01-01T00:00:00Z' };
    const first = foundMessage({ at: '2026-11-07T12:00:00Z', ...imported });
    const second = foundMessage({ at: '2026-11-08T12:00:00Z' });
    const third = foundMessage({ at: '2026-11-09T12:00:00Z', receivedAt: null, ...imported });
    expect(uids(third, second, first)).toEqual([first.uid, second.uid, third.uid]);
  });

  test('does not follow the Date of a message that has arrived later', () => {
    const first = foundMessage({ at: '2026-11-07T12:00:00Z' });
    const forged = foundMessage({ at: '2026-11-08T12:00:00Z', sentAt: '2020-01-01T00:00:00Z' });
    expect(uids(forged, first)).toEqual([first.uid, forged.uid]);
  });

  test('has an answer after what it answers, whatever the clocks say', () => {
    const question = foundMessage({ at: '2026-11-07T12:00:00Z', messageId: '<q@x>' });
    const answer = foundMessage({
      at: '2026-11-07T11:00:00Z',
      messageId: '<a@x>',
      inReplyTo: '<q@x>',
      references: ['<q@x>'],
    });
    const further = foundMessage({ at: '2026-11-07T10:00:00Z', inReplyTo: '<a@x>', references: ['<q@x>', '<a@x>'] });
    expect(uids(further, answer, question)).toEqual([question.uid, answer.uid, further.uid]);
    expect(inOrder([further, answer, question]).map(({ parent }) => parent)).toEqual([null, 0, 1]);
  });

  test('names the message that is answered, or the one before it if that is missing', () => {
    const root = foundMessage({ messageId: '<r@x>' });
    const answer = foundMessage({
      at: '2026-11-08T11:00:00Z',
      inReplyTo: '<lost@x>',
      references: ['<r@x>', '<lost@x>'],
    });
    expect(inOrder([answer, root]).map(({ parent }) => parent)).toEqual([null, 0]);
  });

  test('is found in time for thousands of messages in a circle', () => {
    const ring = Array.from({ length: 3_000 }, (_, n) =>
      foundMessage({ messageId: `<${n}@ring>`, inReplyTo: `<${(n + 1) % 3_000}@ring>` }),
    );
    const startedAt = performance.now();
    const [seed] = ring;
    if (seed === undefined) throw new Error('no ring');
    expect(linkedById(seed, ring)).toHaveLength(3_000);
    expect(inOrder(ring)).toHaveLength(3_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
