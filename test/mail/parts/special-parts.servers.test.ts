import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Message, readMessage } from '../../../src/mail/messages/read.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const HEAD = 'From: Mira Holt <mira@example.test>\nTo: ada@example.test\nSubject: The subject\nMIME-Version: 1.0\n';

interface Part {
  type: string;
  body: string;
  more?: string;
}

const multipart = (subtype: string, parts: readonly Part[], more = '') => {
  const boundary = `=_${subtype.replace(/\W/g, '')}`;
  const all = parts.map(
    ({ type, body, more: fields = '' }) => `--${boundary}\nContent-Type: ${type}\n${fields}\n${body}\n`,
  );
  return { type: `multipart/${subtype}; boundary="${boundary}"${more}`, body: `${all.join('')}--${boundary}--\n` };
};
const raw = ({ type, body, more = '' }: Part) => `${HEAD}Content-Type: ${type}\n${more}\n${body}`;
const text = (body: string): Part => ({ type: 'text/plain; charset=utf-8', body });
const html = (body: string): Part => ({ type: 'text/html; charset=utf-8', body });
const base64 = (type: string, content: string | Buffer, more = ''): Part => ({
  type,
  body: Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\n'),
  more: `Content-Transfer-Encoding: base64\n${more}`,
});

const STATUS =
  'Reporting-MTA: dns; mx.example.test\n\nFinal-Recipient: rfc822; u0905@example.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n';
const RETURNED: Part = { type: 'message/rfc822', body: 'Subject: The returned one\n\nHello.\n' };
const REPORTED = 'Delivery report: u0905@example.test failed, 5.1.1, "smtp; 550 no such user"';
const report = (status: Part, type = 'delivery-status') =>
  raw(multipart('report', [text('It could not be delivered.'), status, RETURNED], `; report-type=${type}`));

const CALENDAR = [
  'BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:77@example.test\nDTSTAMP:20260301T080000Z',
  'DTSTART;TZID=Europe/Berlin:20260317T143000\nDTEND;TZID=Europe/Berlin:20260317T151500\nSUMMARY:Budget round',
  'LOCATION:Room Linden\nORGANIZER;CN=Mira Holt:mailto:mira@example.test',
  'ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ada@example.test\nDESCRIPTION:Bring the figures.\nEND:VEVENT\nEND:VCALENDAR\n',
].join('\n');
const SAID = 'Budget round: 17 March, 14:30 to 15:15, Room Linden.';
const calendar: Part = { type: 'text/calendar; charset=utf-8; method=REQUEST', body: CALENDAR };
const ics = base64(
  'application/ics; name="invite.ics"',
  CALENDAR,
  'Content-Disposition: attachment; filename="invite.ics"\n',
);
const PGP = '-----BEGIN PGP MESSAGE-----\n\nhQEMA0cases\n=abcd\n-----END PGP MESSAGE-----\n';
const pgpParts: Part[] = [
  { type: 'application/pgp-encrypted', body: 'Version: 1\n' },
  { type: 'application/octet-stream; name="encrypted.asc"', body: PGP },
];
const winmail = Buffer.from(
  'eJ8+IgEAAQyAAgAkAAAAVGhlIG1pbnV0ZXMgYXJlIGluIHRoZSBibHVlIGZvbGRlci4AiAwCApAGAA4AAAABAP////8gACAAAAAAAD0EAhCAAQAMAAAAbWludXRlcy50eHQAkwQ=',
  'base64',
);

const MESSAGES: Record<string, string> = {
  'report: usual': report({ type: 'message/delivery-status', body: STATUS }),
  'report: base64': report(base64('message/delivery-status; charset=utf-8', STATUS)),
  'report: global': report({ type: 'message/global-delivery-status', body: STATUS.replace('rfc822;', 'utf-8;') }),
  'report: no multipart/report': raw(
    multipart('mixed', [text('It could not be delivered.'), { type: 'message/delivery-status', body: STATUS }]),
  ),
  receipt: report(
    {
      type: 'message/disposition-notification',
      body: 'Final-Recipient: rfc822; bo@example.test\nDisposition: manual-action/MDN-sent-manually; displayed\n',
    },
    'disposition-notification',
  ),
  'invitation: Google': raw(
    multipart('mixed', [multipart('alternative', [text(SAID), html(`<p>${SAID}`), calendar]), ics]),
  ),
  'invitation: Outlook': raw(
    multipart('alternative', [
      text('Please come.'),
      html('<p>Please come.'),
      base64('text/calendar; charset="utf-8"; method=REQUEST', CALENDAR),
    ]),
  ),
  'invitation: Apple': raw(
    multipart('mixed', [
      text('Please come.'),
      { ...calendar, more: 'Content-Disposition: attachment; filename=iCal-1.ics\n' },
      text(''),
    ]),
  ),
  'invitation: alone': raw(calendar),
  'invitation: two of them': raw(
    multipart('mixed', [
      multipart('alternative', [text(SAID), calendar]),
      base64('application/ics; name=other.ics', CALENDAR.replace('UID:77', 'UID:78')),
    ]),
  ),
  'invitation: without a method in it': raw(
    multipart('alternative', [text(SAID), { ...calendar, body: CALENDAR.replace('METHOD:REQUEST\n', '') }]),
  ),
  'pgp: mime': raw(multipart('encrypted', pgpParts, '; protocol="application/pgp-encrypted"')),
  'pgp: taken apart by Exchange': raw(multipart('mixed', [text(''), ...pgpParts])),
  'pgp: in the text': raw(text(`Hello,\n\n${PGP}`)),
  'rights management': raw(
    multipart('mixed', [
      text('Open it by the link.'),
      base64('application/x-microsoft-rpmsg-message; name=message.rpmsg', 'x'),
    ]),
  ),
  'winmail: no text': raw(multipart('mixed', [text('\n'), base64('application/ms-tnef; name=winmail.dat', winmail)])),
  'winmail: beside text': raw(
    multipart('mixed', [text('The plain text.'), base64('application/octet-stream; name="winmail.dat"', winmail)]),
  ),
  'winmail: damaged': raw(base64('application/ms-tnef; name=winmail.dat', 'not a container')),
  digest: raw(
    multipart('digest', [
      { type: 'message/rfc822', body: 'Subject: One\n\n1\n' },
      { type: 'message/rfc822', body: 'Subject: Two\n\n2\n' },
    ]),
  ),
};
const FIXTURES = [
  ...['smime-opaque', 'smime-opaque-streamed', 'smime-opaque-octet-stream', 'smime-opaque-twice', 'smime-certificates'],
  ...['smime-enveloped', 'smime-enveloped-undeclared', 'smime-authenticated-enveloped'],
];

const account = newAccount();
let uids: Map<string, number>;

beforeAll(async () => {
  const files = FIXTURES.map(
    (name) => [name, readFileSync(new URL(`../../fixtures/mail/${name}.eml`, import.meta.url))] as const,
  );
  const all = [...Object.entries(MESSAGES), ...files];
  const { INBOX } = await appendMessages(account, { INBOX: all.map(([, content]) => message({ raw: content })) });
  uids = new Map(all.map(([name], index) => [name, INBOX[index] ?? 0]));
});
afterAll(() => uids.clear());

/** Reads a stored message in each format. */
async function read(name: string): Promise<Message & { asHtml: Message }> {
  const uid = uids.get(name) ?? 0;
  return withImap(account, async (imap) => ({
    ...(await readMessage(imap, 'INBOX', uid, { format: 'text' })),
    asHtml: await readMessage(imap, 'INBOX', uid, { format: 'html' }),
  }));
}

describe('a delivery report', () => {
  test.each(['usual', 'base64', 'global', 'no multipart/report'])(
    'is part of the text, behind the words for people (%s)',
    async (name) => {
      const { text: said, asHtml, warnings } = await read(`report: ${name}`);
      expect(said).toBe(`It could not be delivered.\n\n${REPORTED}`);
      expect(warnings).toEqual([]);
      expect(asHtml).toMatchObject({ text: null, warnings: [REPORTED] });
    },
  );

  test('a receipt likewise', async () => {
    expect((await read('receipt')).text).toContain('\n\nReceipt: displayed by bo@example.test');
  });
});

describe('an invitation', () => {
  test.each([
    ['Google', ['invite.ics'], SAID],
    [
      'Outlook',
      ['attachment-3.ics'],
      expect.stringMatching(/^Please come\.\n\nInvitation: Budget round\nWhen: Tue 2026-03-17T14:30:00\+01:00/),
    ],
    ['Apple', ['iCal-1.ics'], expect.stringMatching(/^Please come\.\n\nInvitation: Budget round\nWhen: Tue/)],
    [
      'alone',
      ['attachment-1.ics'],
      expect.stringMatching(/^Invitation: Budget round\nWhen: .*\nWhere: Room Linden\n.*\n\nBring the figures\.$/),
    ],
    ['without a method in it', ['attachment-2.ics'], SAID],
    ['two of them', ['attachment-1.2.ics', 'other.ics'], SAID],
  ])('of %s is read, and its calendar is listed once', async (name, files, said) => {
    const { invitation, attachments, text: found, warnings } = await read(`invitation: ${name}`);
    expect(invitation).toMatchObject({ method: 'REQUEST', summary: 'Budget round', where: 'Room Linden' });
    expect(attachments.map(({ filename }) => filename)).toEqual(files);
    expect(found).toEqual(said);
    expect(warnings).toEqual([]);
  });
});

describe('what only another program can read is said to be encrypted', () => {
  test.each([
    'pgp: mime',
    'pgp: taken apart by Exchange',
    'pgp: in the text',
    'smime-enveloped',
    'smime-enveloped-undeclared',
    'smime-authenticated-enveloped',
    'rights management',
  ])('%s', async (name) => {
    const { warnings, asHtml } = await read(name);
    expect(warnings).toEqual([expect.stringMatching(/encrypted \(.*can be read in/)]);
    if (name !== 'pgp: in the text') expect(asHtml.warnings).toEqual(warnings);
  });
});

describe('a message that is signed in a container', () => {
  test.each(['smime-opaque', 'smime-opaque-streamed', 'smime-opaque-octet-stream', 'smime-opaque-twice'])(
    'gives its text (%s)',
    async (name) => {
      const { text: said, warnings, attachments } = await read(name);
      expect(said).toBe('The ferry leaves at six from pier fünf.\n\nFiles in the container: timetable.pdf');
      expect(warnings).toEqual([expect.stringContaining('the signature was not checked')]);
      expect(attachments).toMatchObject([{ filename: 'smime.p7m' }]);
    },
  );

  test('one that brings certificates only says so', async () => {
    const { text: said, warnings } = await read('smime-certificates');
    expect(said).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('only brings certificates')]);
  });
});

describe('winmail.dat', () => {
  test.each([
    ['no text', 'The minutes are in the blue folder.\n\nFiles in winmail.dat: minutes.txt'],
    ['beside text', 'The plain text.\n\nFiles in winmail.dat: minutes.txt'],
    ['damaged', null],
  ])('is explained, and read as far as it can be (%s)', async (name, said) => {
    const found = await read(`winmail: ${name}`);
    expect(found.text).toBe(said);
    expect(found.warnings).toEqual([expect.stringContaining('container of Outlook')]);
  });
});

test('a digest says that its words are in the attached messages', async () => {
  const { text: said, warnings, attachments } = await read('digest');
  expect(said).toBeNull();
  expect(warnings).toEqual([expect.stringContaining('messages that are attached')]);
  expect(attachments).toHaveLength(2);
});
