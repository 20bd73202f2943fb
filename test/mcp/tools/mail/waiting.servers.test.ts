import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

const NOW = new Date('2026-11-28T20:00:00Z');
const OWNER = 'ida@example.test';
const days = (count: number) => new Date(NOW.getTime() - count * 86_400_000);
const toMe = (options: MessageOptions) =>
  message({ to: `Ida <${OWNER}>`, from: 'Mara <mara@example.test>', ...options });
const fromMe = (options: MessageOptions) => message({ from: `Ida <${OWNER}>`, to: 'mara@example.test', ...options });

/** Subjects of what waits. */
async function waiting(
  contents: Parameters<typeof appendMessages>[1],
  args: Record<string, unknown> = {},
  options: { authservIds?: string[] } = {},
): Promise<string[]> {
  const account = { ...newAccount(), email: OWNER, fullName: 'Ida Brandt', ...options };
  await appendMessages(account, contents);
  await using tools = openMailTools(account, { now: () => NOW });
  const found = await tools.call('search_mail_messages', { query: 'is:waiting', ...args });
  return (found.messages as { subject: string; why: string }[]).map(({ subject, why }) => `${subject}: ${why}`);
}

describe('is:waiting', () => {
  test('shows the last word of each conversation that asks or invites, newest first, then what answers the owner', async () => {
    const request = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR';
    expect(
      await waiting({
        INBOX: [
          toMe({ subject: 'asks', text: 'Hello.\n\nCan you come on Monday?\n\n-- \nMara', date: days(2) }),
          toMe({ subject: 'statement', text: 'The lamps have arrived.', date: days(2) }),
          toMe({ subject: 'Re: plan', text: 'Fine, I will do so.', date: days(3), references: ['<plan@x>'] }),
          toMe({
            subject: 'meeting',
            text: 'See you.',
            date: days(4),
            attachments: [{ contentType: 'text/calendar; method=REQUEST', content: request, inline: true }],
          }),
        ],
        Sent: [fromMe({ subject: 'plan', text: 'This is the plan.', date: days(5), messageId: '<plan@x>' })],
      }),
    ).toEqual(['asks: asks: Can you come on Monday?', 'meeting: invitation', 'Re: plan: answers you, asks nothing']);
  });

  test.each<[string, MessageOptions]>([
    ['was answered', { flags: ['\\Seen', '\\Answered'] }],
    ['is addressed to the owner in Cc only', { to: 'tomas@example.test', cc: OWNER }],
    ['comes from a list', { headers: { 'List-Id': '<list.example.test>' } }],
    ['is a newsletter', { headers: { 'List-Unsubscribe': '<https://x.example.test/>' } }],
    ['is an automatic answer', { headers: { 'Auto-Submitted': 'auto-replied' } }],
    ['is bulk mail', { headers: { Precedence: 'bulk' } }],
    ['has a sender who reads no answers', { from: 'Shop <no-reply@shop.example>' }],
    ['asks only in what it quotes', { text: 'Yes.\n\nOn Monday, Ida <ida@example.test> wrote:\n> Can you come?\n' }],
    ['asks only within a link', { text: 'See https://example.test/?a=b' }],
    ['is older than 30 days', { date: days(31) }],
    ['claims to be from the owner', { from: OWNER }],
  ])('leaves out what %s', async (_name, options) => {
    expect(
      await waiting({ INBOX: [toMe({ subject: 'x', text: 'Can you come?', date: days(1), ...options })] }),
    ).toEqual([]);
  });

  test('leaves out a forged sender, as the own server has found it', async () => {
    const headers = { 'Authentication-Results': 'mx.example.test; dmarc=fail header.from=example.test' };
    const contents = { INBOX: [toMe({ subject: 'x', text: 'Can you pay?', date: days(1), headers })] };
    expect(await waiting(contents, {}, { authservIds: ['mx.example.test'] })).toEqual([]);
  });

  test('leaves out conversations in which the owner has the last word, or whose question was answered', async () => {
    const [ask, answer] = ['<ask@x>', '<answer@x>'];
    expect(
      await waiting({
        INBOX: [
          toMe({ subject: 'date', text: 'When do you come?', date: days(3), messageId: ask }),
          toMe({ subject: 'Re: size', text: 'Forty.', date: days(1), references: [answer] }),
        ],
        Sent: [
          fromMe({ subject: 'Re: date', text: 'Monday.', date: days(2), inReplyTo: ask, references: [ask] }),
          fromMe({ subject: 'size', text: 'How large is it?', date: days(2), messageId: answer }),
        ],
      }),
    ).toEqual([]);
  });

  test('takes an answer that names the owner for more than one that does not', async () => {
    const answer = (subject: string, text: string, n: number) => {
      return toMe({ subject, text, date: days(n), references: [`<${n}@x>`] });
    };
    const own = (n: number) => fromMe({ subject: 'x', text: 'Here it is.', date: days(n + 1), messageId: `<${n}@x>` });
    const names = 'Hello Ida,\n\nThursday it is. Jean waits for form K-12\nfrom Ida. Bo knows.';
    expect(
      await waiting({
        INBOX: [answer('greets', 'Hello Ida,\n\nthank you.', 2), answer('names', names, 3)],
        Sent: [own(2), own(3)],
      }),
    ).toEqual(['names: names you: Jean waits for form K-12 from I…', 'greets: answers you, asks nothing']);
  });

  test('takes further terms, a longer window and every folder', async () => {
    const contents = {
      INBOX: [
        toMe({ subject: 'old', text: 'Still there?', date: days(50) }),
        toMe({ subject: 'other', text: 'And you?', date: days(2), from: 'tomas@example.test' }),
      ],
      Archive: [toMe({ subject: 'filed', text: 'And now?', date: days(1) })],
    };
    expect(await waiting(contents, { query: 'is:waiting from:mara', folder: '*' })).toEqual(['filed: asks: And now?']);
    expect(await waiting(contents, { query: 'is:waiting newer_than:3m' })).toEqual([
      'other: asks: And you?',
      'old: asks: Still there?',
    ]);
  });

  test('takes a page of nine unless more are wanted', async () => {
    const account = { ...newAccount(), email: OWNER };
    const many = Array.from({ length: 12 }, (_, n) => toMe({ subject: `n${n}`, text: 'And you?', date: days(n + 1) }));
    await appendMessages(account, { INBOX: many });
    await using tools = openMailTools(account, { now: () => NOW });
    const first = await tools.call('search_mail_messages', { query: 'is:waiting' });
    expect(first).toMatchObject({
      count: 12,
      next_page: 2,
      more: '3',
      read_as: expect.stringMatching(/^since/),
    });
    const second = await tools.call('search_mail_messages', { query: 'is:waiting', page: 2 });
    expect(second.messages).toHaveLength(3);
  });

  test.each([['-is:waiting'], ['is:waiting OR from:mara']])('%s is refused', async (query) => {
    await using tools = openMailTools(newAccount());
    expect(await tools.failure('search_mail_messages', { query })).toMatchObject({ message: /is:waiting cannot/ });
  });
});
