/** Writes the single letters of the everyday mailbox: questions, an invitation, a rare word in many encodings, bounces, drafts. */
import { type Letter, OWN_MAIL_SERVER } from './letter.ts';
import { toPdf } from './pdf.ts';
import { NELE, OWNER, PEOPLE, WORKSHOP } from './people.ts';

const { ruxandra, olamide, beatriz, gudrun, tamsin, philippa, casper, ewa } = PEOPLE;

/** Questions to the owner that have no answer yet. */
const WAITING: readonly Letter[] = [
  {
    ...{ folder: 'INBOX', at: '2026-11-24T16:10:00Z', from: gudrun, to: NELE, subject: 'Parking space 14' },
    text: 'Dear Ms Fabricius,\n\nspace 14 becomes free in January. Would you like to rent it for 45 euros a month?\n\nG. Aalto',
  },
  {
    ...{ folder: 'Club/Rowing', at: '2026-11-10T19:25:00Z', from: tamsin, to: NELE, subject: 'Keys of the boathouse' },
    text: 'Hi Nele, who has the second pair of keys on Saturday?',
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-26T13:00:00Z', from: casper, to: WORKSHOP, subject: 'Keys of the positive' },
    text: 'Shall the upper keys be of ebony or of plum?',
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-25T12:00:00Z', from: olamide, to: NELE, cc: ruxandra },
    ...{ subject: 'Invitation: opening of the case', text: 'Opening of the case, 1 December, 8:00 to 10:00.' },
    invitation: invitation(),
  },
];

/** Mail that resembles a question to the owner, and is none that waits for an answer. */
const NOT_WAITING: readonly Letter[] = [
  {
    ...{ folder: 'INBOX', at: '2026-11-22T08:00:00Z', from: beatriz, to: ewa, cc: NELE, subject: 'Altos in January' },
    text: 'Ewa, can you lead the altos in January?',
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-23T06:40:00Z', from: 'Strandbank <no-reply@strandbank.example>', to: NELE },
    ...{ subject: 'New sign-in', text: 'A new device has signed in to your account. Was that you?' },
    headers: { 'Auto-Submitted': 'auto-generated' },
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-26T03:12:00Z', from: 'Strandbank <service@strandbank.example>', to: NELE },
    ...{ subject: 'Your card is blocked', verdict: 'fail', isUnread: true },
    text: 'Dear customer,\n\ncan you confirm your card number today? Otherwise the card stays blocked.\n\nhttps://strandbank-check.example/card',
    html: '<p>Dear customer,</p><p>can you confirm your card number today? Otherwise the card stays blocked.</p><p><a href="https://strandbank-check.example/card">www.strandbank.example</a></p>',
  },
  {
    ...{ folder: 'INBOX', at: '2026-10-20T11:00:00Z', from: casper, to: NELE, subject: 'Clamps' },
    text: 'Do you still need the clamps?',
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-27T15:30:00Z', from: philippa, to: NELE, subject: 'Figures of October' },
    text: 'The figures of October are attached.\n\nOn 20 Nov 2026 Strandbank wrote:\n> Are all receipts there?',
    files: [
      { filename: 'october.csv', contentType: 'text/csv', content: 'account,euros\nmaterial,1204.50\nwages,3310.00\n' },
    ],
  },
];

const CHEESE = 'Käseglocke';

/** A rare word outside ASCII, in several encodings, fields and folders. */
const RARE_WORD: readonly Letter[] = [
  {
    ...{ folder: 'INBOX', at: '2026-03-02T09:00:00Z', from: ruxandra, to: NELE, subject: 'For the buffet' },
    ...{ text: `Bring the large ${CHEESE}, please.`, encoding: 'base64' },
  },
  {
    ...{ folder: 'Sent', at: '2026-03-02T12:00:00Z', from: NELE, to: ruxandra, subject: `${CHEESE} and plates` },
    ...{ text: 'I bring both.' },
  },
  {
    ...{ folder: 'Archive', at: '2026-04-11T10:00:00Z', from: casper, to: NELE, subject: 'Found in the attic' },
    ...{ text: `Among other things a ${CHEESE} of blown glass, and forty plates.`, encoding: 'quoted-printable' },
  },
  {
    ...{ folder: 'Projects/Sankt Jakob', at: '2026-05-20T10:00:00Z', from: olamide, to: NELE, subject: 'Wind chest' },
    html: `<p>The dust cover looks like a <b>${CHEESE}</b>, and keeps the wind chest clean.</p>`,
  },
  {
    ...{ folder: 'Club/Rowing', at: '2026-06-06T10:00:00Z', from: tamsin, to: NELE },
    ...{ subject: `LOST: ${CHEESE.toUpperCase()}`, text: 'It stood on the table of the boathouse.' },
  },
  {
    ...{ folder: 'Archive', at: '2026-07-01T10:00:00Z', from: casper, to: NELE, subject: 'Attic, second part' },
    text: 'The Kaseglocke of the list is a Glocke for Käse.',
  },
  {
    ...{ folder: 'Trash', at: '2026-07-02T10:00:00Z', from: tamsin, to: NELE, subject: 'Found again' },
    text: `The ${CHEESE} is back.`,
  },
  {
    ...{ folder: 'Junk', at: '2026-07-03T10:00:00Z', from: 'Glass <offers@glassware.example>', to: NELE },
    ...{ subject: 'Half price', text: `Every ${CHEESE} half price.`, verdict: 'none' },
  },
];

/** Arrivals around 27 November, 20:00 in the owner's zone, which is 19:00 in UTC. */
const LATELY: readonly Letter[] = [
  {
    ...{ folder: 'INBOX', at: '2026-11-27T18:59:30Z', from: casper, to: NELE, subject: 'Half a minute before' },
    ...{ text: 'The saw is sharp again.', isUnread: true },
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-27T19:00:00Z', from: tamsin, to: NELE, subject: 'At eight sharp' },
    ...{ text: 'The crew list for the winter is complete.', isUnread: true },
  },
  {
    ...{ folder: 'Archive', at: '2026-11-27T21:30:00Z', from: ewa, to: `${NELE}, ${beatriz}` },
    ...{ subject: 'Sheet music', text: 'The sheet music is in the cupboard of the hall.' },
  },
  {
    ...{ folder: 'Lists', at: '2026-11-28T05:00:00Z', from: 'Woodworker <news@woodworker-post.example>', to: NELE },
    ...{ subject: 'Five joints to know, no. 60: dovetails', text: 'Have you ever cut a dovetail by eye?' },
    headers: {
      'List-ID': '<letter.woodworker-post.example>',
      'List-Unsubscribe': '<mailto:leave@woodworker-post.example>',
    },
  },
  {
    ...{ folder: 'Club/Rowing', at: '2026-11-28T07:10:00Z', from: tamsin, to: NELE, subject: 'Ice on the jetty' },
    ...{ text: 'Take the upper path today.', id: 'ice', isUnread: true },
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-28T08:02:00Z', from: 'Tide and Timber <billing@tideandtimber.example>' },
    ...{
      to: NELE,
      subject: 'Invoice 2026-3311',
      isUnread: true,
      text: 'The invoice is attached. It is due in 14 days.',
    },
    files: [
      {
        ...{ filename: 'invoice-2026-3311.pdf', contentType: 'application/pdf' },
        content: toPdf(['Tide and Timber', 'Oak, 1.2 cubic metres', 'Total 2,148.30 EUR']),
      },
    ],
  },
  {
    ...{ folder: 'Sent', at: '2026-11-28T10:05:00Z', from: NELE, to: tamsin, subject: 'Re: Ice on the jetty' },
    ...{ text: 'Thank you, I have sand in the van.', after: ['ice'] },
  },
  {
    ...{ folder: 'Junk', at: '2026-11-28T03:00:00Z', from: 'Prize <prize@lottery-hall.example>', to: NELE },
    ...{ subject: 'You have won', text: 'Answer within a day.', verdict: 'fail', isUnread: true },
  },
  {
    ...{
      folder: 'INBOX',
      at: '2026-11-28T18:41:00Z',
      from: gudrun,
      to: NELE,
      subject: 'Water is turned off on Monday',
    },
    ...{ text: 'On Monday from nine to eleven there is no water in the house.', isUnread: true },
  },
];

const GHENT_MORE: readonly Letter[] = [
  {
    ...{ folder: 'INBOX', at: '2026-11-09T08:00:00Z', from: 'Hotel Leie <rooms@hotel-leie.example>', to: NELE },
    ...{
      subject: 'Rooms for 24 people',
      text: 'We have twelve double rooms in Ghent on both weekends, 96 euros each.',
    },
  },
  {
    ...{ folder: 'Drafts', at: '2026-11-22T21:00:00Z', from: NELE, to: beatriz, subject: 'Programme for Ghent' },
    ...{ text: 'First half: Howells, Stanford. Second half: open.', flags: ['\\Draft'] },
  },
  {
    ...{ folder: 'Drafts', at: '2026-11-15T21:00:00Z', from: NELE, to: casper, subject: 'Lathe' },
    ...{ text: 'Is it', flags: ['\\Draft'] },
  },
];

const bounceOf = (address: string, at: string): Letter => ({
  ...{ folder: 'INBOX', at, from: 'Mail Delivery System <mailer-daemon@example.test>', to: NELE, verdict: 'none' },
  subject: 'Undelivered Mail Returned to Sender',
  raw: `From: Mail Delivery System <mailer-daemon@example.test>
To: ${NELE}
Subject: Undelivered Mail Returned to Sender
Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}
Message-ID: <bounce-${at.slice(0, 10)}@${OWN_MAIL_SERVER}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=report

--report
Content-Type: text/plain; charset=utf-8

The message could not be delivered to ${address}.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; ${OWN_MAIL_SERVER}

Final-Recipient: rfc822; ${address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--report
Content-Type: text/rfc822-headers

From: ${NELE}
To: ${address}
Subject: Quote for the reeds

--report--
`,
});

function invitation(): string {
  return [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Olamide//Calendar//EN', 'METHOD:REQUEST', 'BEGIN:VEVENT'],
    ...['UID:case-opening@post.example.test', 'SEQUENCE:0', 'DTSTAMP:20261125T120000Z'],
    ...['DTSTART:20261201T070000Z', 'DTEND:20261201T090000Z', 'SUMMARY:Opening of the case', 'LOCATION:Sankt Jakob'],
    'ORGANIZER;CN=Olamide Berg:mailto:olamide.berg@example.test',
    `ATTENDEE;CN=${OWNER.name};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${OWNER.email}`,
    ...['STATUS:CONFIRMED', 'END:VEVENT', 'END:VCALENDAR', ''],
  ].join('\r\n');
}

export const SINGLE_LETTERS: readonly Letter[] = [
  ...[...WAITING, ...NOT_WAITING, ...RARE_WORD, ...LATELY, ...GHENT_MORE],
  bounceOf('reeds@kellner-and-sons.example', '2026-08-04T09:00:00Z'),
  bounceOf('old.address@example.test', '2026-10-02T09:00:00Z'),
];
