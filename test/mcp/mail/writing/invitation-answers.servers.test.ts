/** Tests answers to invitations as the mail program of the organizer gets them. */
import ICAL from 'ical.js';
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { type MailToolsLimits, openMailTools } from '../../../support/app/mail-tools.ts';
import { waitUntil } from '../../../support/app/wait-until.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import {
  appleInvitation,
  exchangeInvitation,
  googleInvitation,
  type InvitationOptions,
  invitationMail,
} from '../../../support/mail/invitations.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

type Account = ReturnType<typeof newAccount>;
const SEND = 'send_mail_message';
const NOW = new Date('2026-11-28T20:00:00Z');
const BERLIN: MailToolsLimits = { timeZone: 'Europe/Berlin', now: () => NOW };

interface Invited {
  build?: (options: InvitationOptions) => string;
  options?: InvitationOptions;
  folder?: string;
  /** Default: the organizer. */
  from?: string;
  /** Lines of attendees before the account owner. */
  others?: string;
}

/** Puts an invitation into a mailbox of a new account. */
async function withInvitation({
  build = googleInvitation,
  options = {},
  folder = 'INBOX',
  from,
  others,
}: Invited = {}) {
  const [owner, organizer] = [newAccount(), newAccount()];
  const attendees = others === undefined ? {} : { attendees: `${others}\nATTENDEE:MAILTO:${owner.email}` };
  const calendar = build({ attendee: owner.email, organizer: organizer.email, ...attendees, ...options });
  const raw = invitationMail({ from: from ?? `Mira Holt <${organizer.email}>`, to: owner.email, calendar });
  const uids = await appendMessages(owner, { [folder]: [await message({ raw })] });
  return { owner, organizer, of: `${folder}/${uids[folder]?.[0]}` };
}

async function arrived(account: Account) {
  const [first] = await waitUntil(20_000, async () => {
    const found = await messagesIn(account, 'INBOX');
    return found.length > 0 && found;
  });
  if (first === undefined) throw new Error('nothing arrived');
  return first.raw;
}

/** The calendar of an answer, by a MIME parser and a calendar parser. */
async function replyIn(raw: string) {
  const mail = await simpleParser(raw);
  const [part, ...others] = mail.attachments;
  expect(others).toEqual([]);
  const calendar = new ICAL.Component(ICAL.parse(part?.content.toString() ?? ''));
  return { mail, type: part?.contentType, calendar, events: calendar.getAllSubcomponents('vevent') };
}

const isAnswered = async (owner: Account, folder = 'INBOX') =>
  (await messagesIn(owner, folder)).some(({ flags }) => flags.includes('\\Answered'));

async function expectNothing(owner: Account, organizer: Account) {
  expect(await subjectsIn(owner, 'Sent')).toEqual([]);
  expect(await subjectsIn(organizer, 'INBOX')).toEqual([]);
  expect(await isAnswered(owner)).toBe(false);
}

describe('as: accept', () => {
  test('the organizer gets an iTIP reply, the original is marked, and the result names the event in the zone of the owner', async () => {
    const { owner, organizer, of } = await withInvitation();
    await using tools = openMailTools(owner, BERLIN);
    const result = await tools.call(SEND, { as: 'accept', of });
    expect(result).toMatchObject({
      sent: true,
      to: [`Mira Holt <${organizer.email}>`],
      subject: 'Accepted: Budget round',
      invite: {
        ...{ summary: 'Budget round', start: '2026-12-04T10:30:00+01:00', weekday: 'Friday' },
        ...{ end: '2026-12-04T11:15:00+01:00', where: 'Room Linden, 2nd floor', status: 'accepted' },
      },
      note: expect.stringMatching(/^No calendar is changed/),
      text: 'Accepted: Budget round',
      warnings: [],
      rejected: [],
    });
    const raw = await arrived(organizer);
    expect(raw).toMatch(/^Content-Type: multipart\/alternative;/m);
    expect(raw).toMatch(/^Content-Type: text\/calendar; charset=utf-8; method=REPLY;\s+component=VEVENT\r$/m);
    const { mail, calendar, events } = await replyIn(raw);
    expect(mail).toMatchObject({
      subject: 'Accepted: Budget round',
      inReplyTo: '<invitation@x.test>',
      references: '<invitation@x.test>',
    });
    expect(mail.from?.value).toMatchObject([{ address: owner.email }]);
    expect(mail.to).toMatchObject({ value: [{ address: organizer.email, name: 'Mira Holt' }] });
    expect(calendar.getFirstPropertyValue('method')).toBe('REPLY');
    expect(events.map((event) => event.toString().replaceAll('\r\n ', '').split('\r\n'))).toEqual([
      [
        ...['BEGIN:VEVENT', 'UID:7pq2s0c9@google.example', 'SEQUENCE:2', 'DTSTAMP:20261128T200000Z'],
        ...[
          `ORGANIZER;CN=Mira Holt:mailto:${organizer.email}`,
          `ATTENDEE;CN=${owner.email};PARTSTAT=ACCEPTED:mailto:${owner.email}`,
        ],
        ...['DTSTART:20261204T093000Z', 'DTEND:20261204T101500Z', 'SUMMARY:Budget round', 'END:VEVENT'],
      ],
    ]);
    expect(await isAnswered(owner)).toBe(true);
    const read = await tools.call('get_mail_message', { folder: 'INBOX', uid: Number(of.split('/')[1]) });
    expect(read).toMatchObject({ invite: { status: 'marked as answered' }, attachments: [{ filename: 'invite.ics' }] });
    const [copy] = await messagesIn(owner, 'Sent');
    expect(raw.endsWith(copy?.raw ?? 'none')).toBe(true);
    expect(result.copy).toBe(`Sent/${copy?.uid}`);
  });

  test('a series of Apple with a changed date is answered in one message', async () => {
    const { owner, organizer, of } = await withInvitation({ build: appleInvitation });
    await using tools = openMailTools(owner, BERLIN);
    const { invite, note } = await tools.call(SEND, { as: 'accept', of });
    expect(invite).toMatchObject({ status: 'accepted', recurring: expect.stringContaining('every week 8 times') });
    expect(note).toContain('2 events in all');
    const { calendar, events } = await replyIn(await arrived(organizer));
    expect(events.map((event) => event.getFirstProperty('recurrence-id')?.toICALString())).toEqual([
      undefined,
      'RECURRENCE-ID;TZID=Europe/Berlin:20261211T103000',
    ]);
    expect(calendar.getAllSubcomponents('vtimezone')).toHaveLength(1);
  });

  test('an invitation with hundreds of attendees, over 64 KiB, is answered for one', async () => {
    const others = Array.from(
      { length: 900 },
      (_, at) =>
        `ATTENDEE;CN="Person number ${at}, of the whole house";PARTSTAT=NEEDS-ACTION:mailto:p${at}@example.test`,
    );
    const { owner, organizer, of } = await withInvitation({ build: exchangeInvitation, others: others.join('\n') });
    await using tools = openMailTools(owner, BERLIN);
    await tools.call(SEND, { as: 'accept', of });
    const { events } = await replyIn(await arrived(organizer));
    const attendees = events[0]?.getAllProperties('attendee').map((each) => each.getFirstValue());
    expect(attendees).toEqual([`mailto:${owner.email}`]);
    const { invite } = await tools.call('get_mail_message', { folder: 'INBOX', uid: Number(of.split('/')[1]) });
    expect(invite).toBeUndefined();
  });
});

test('declining with another time is one call: a comment, and no formal counter-proposal', async () => {
  const { owner, organizer, of } = await withInvitation({ build: exchangeInvitation });
  await using tools = openMailTools(owner, BERLIN);
  const text_body = 'I am in Ghent then: 🎶.\nWould Monday at nine do? Grüße';
  const result = await tools.call(SEND, { as: 'decline', of, text_body });
  expect(result).toMatchObject({
    subject: 'Declined: Quarterly review',
    invite: { status: 'declined' },
    note: expect.stringContaining('no formal counter-proposal'),
  });
  const { mail, events } = await replyIn(await arrived(organizer));
  expect(mail.text).toMatch(
    /^I am in Ghent then: 🎶\.\nWould Monday at nine do\? Grüße\n\nDeclined: Quarterly review\nWhen: Fri 2026-12-04T10:30:00\+01:00/,
  );
  expect(events[0]?.getFirstPropertyValue('comment')).toBe(text_body);
  expect(events[0]?.getFirstPropertyValue('uid')).toBe(
    '040000008200E00074C5B7101A82E00800000000E0778E624D33D5010000000000000000100000007B3684F212336E4BAA4405C99A9611B6',
  );
  expect(events[0]?.getFirstProperty('attendee')?.getFirstParameter('partstat')).toBe('DECLINED');
});

test('dry_run shows the answer, warns, sends nothing and marks nothing', async () => {
  const { owner, organizer, of } = await withInvitation({ from: 'Calendar <calendar@notify.example>' });
  await using tools = openMailTools(owner, { ...BERLIN, now: () => new Date('2027-01-01T00:00:00Z') });
  expect(await tools.call(SEND, { as: 'tentative', of, dry_run: true })).toMatchObject({
    ...{ sent: false, to: [`Mira Holt <${organizer.email}>`], subject: 'Tentatively accepted: Budget round' },
    ...{ invite: { status: 'tentatively accepted', weekday: 'Friday' }, size: expect.any(Number) },
    warnings: [
      expect.stringContaining(`the organizer, ${organizer.email}, who is not the sender`),
      'The event is over.',
    ],
  });
  await expectNothing(owner, organizer);
});

test('it comes from the identity that was invited; of several ones `from` names it', async () => {
  const shop = 'shop@example.test';
  const { owner, organizer, of } = await withInvitation({ options: { attendee: shop } });
  await using tools = openMailTools(owner, { ...BERLIN, identities: [`Ida at the shop <${shop}>`] });
  const both = googleInvitation({
    organizer: organizer.email,
    attendees: `ATTENDEE:mailto:${owner.email}\nATTENDEE:mailto:${shop}`,
  });
  const { Both } = await appendMessages(owner, {
    Both: [await message({ raw: invitationMail({ from: organizer.email, to: shop, calendar: both }) })],
  });
  const ambiguous = { as: 'accept', of: `Both/${Both[0]}` };
  expect(String(await tools.failure(SEND, ambiguous))).toMatch(/several addresses.*`from`/);
  expect(await tools.call(SEND, { ...ambiguous, from: owner.email, dry_run: true })).not.toHaveProperty('from');
  await expectNothing(owner, organizer);
  expect(await tools.call(SEND, { as: 'accept', of })).toMatchObject({ from: `Ida at the shop <${shop}>` });
  const { mail, events } = await replyIn(await arrived(organizer));
  expect(mail.from?.text).toContain(shop);
  expect(events[0]?.getFirstPropertyValue('attendee')).toBe(`mailto:${shop}`);
});

test('what is no invitation to the owner, and parameters of other messages, are refused and change nothing', async () => {
  const { owner, organizer, of } = await withInvitation({ options: { attendee: 'dan@example.test' } });
  const { Other } = await appendMessages(owner, { Other: [await message({ from: organizer.email })] });
  await using tools = openMailTools(owner, BERLIN);
  const failure = async (args: object, tool = SEND) => String(await tools.failure(tool, { as: 'accept', of, ...args }));
  expect(await failure({})).toContain('invites dan@example.test');
  expect(await failure({ of: `Other/${Other[0]}` })).toContain('no invitation that can be read');
  for (const args of [
    { to: 'eve@example.test' },
    { bcc: 'eve@example.test' },
    { html_body: '<p>x' },
    { attachment_urls: ['INBOX/1/2'] },
  ])
    expect(await failure(args)).toContain('goes to the organizer alone');
  expect(await failure({ text_body: 'x'.repeat(4_001) })).toMatch(/invites dan|at most 4000 characters/);
  expect(await failure({}, 'create_draft_mail_message')).toMatch(/as/);
  await expectNothing(owner, organizer);
});

test('an organizer outside the list of recipients, and an invitation outside the folders, are out of reach', async () => {
  const { owner, organizer, of } = await withInvitation();
  await using few = openMailTools(owner, { ...BERLIN, policy: { recipients: ['@allowed.example'] } });
  for (const dry_run of [false, true])
    expect(String(await few.failure(SEND, { as: 'accept', of, dry_run }))).toContain('some recipients are not allowed');
  await using elsewhere = openMailTools(owner, { ...BERLIN, policy: { folders: ['Work'] } });
  expect(String(await elsewhere.failure(SEND, { as: 'accept', of }))).not.toContain('Budget');
  await expectNothing(owner, organizer);
});

test('an idempotency_key covers the answer: it is sent once', async () => {
  const { owner, organizer, of } = await withInvitation();
  const limits = { ...BERLIN, messageIdSecret: Buffer.alloc(32, 7) };
  await using first = openMailTools(owner, limits);
  await using second = openMailTools(owner, limits);
  const args = { as: 'accept', of, idempotency_key: 'k' };
  const sent = await first.call(SEND, args);
  expect(await first.call(SEND, args)).toEqual({ ...sent, already_sent: true });
  expect(await second.call(SEND, args)).toMatchObject({ sent: true, already_sent: true });
  expect(String(await first.failure(SEND, { ...args, as: 'decline' }))).toContain('another message');
  await arrived(organizer);
  expect(await subjectsIn(organizer, 'INBOX')).toEqual(['Accepted: Budget round']);
});
