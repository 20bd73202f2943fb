/** Writes what machines send to the everyday mailbox: newsletters, invoices, notices, a mailing list, and forged mail in Junk. */
import { conversation } from './conversations.ts';
import type { Letter } from './letter.ts';
import { toPdf } from './pdf.ts';
import { NELE, PEOPLE } from './people.ts';

const START_MS = Date.UTC(2025, 11, 2, 5);
const DAY_MS = 86_400_000;

/** A time of day `n` steps after the start; the last step is some days before the present of the mailbox. */
const timeOf = (n: number, count: number, shiftMinutes: number): string =>
  new Date(START_MS + (n / count) * 355 * DAY_MS + shiftMinutes * 60_000).toISOString();

const NEWSLETTERS = [
  { from: 'Reed and Pipe <letter@reedandpipe.example>', host: 'reedandpipe.example', title: 'Reed and Pipe weekly' },
  { from: 'Hafenkino <programm@hafenkino.example>', host: 'hafenkino.example', title: 'Programm der Woche' },
  { from: 'Woodworker <news@woodworker-post.example>', host: 'woodworker-post.example', title: 'Five joints to know' },
  { from: 'River Museum <visit@rivermuseum.example>', host: 'rivermuseum.example', title: 'What is on' },
  { from: 'Kontorhaus Tee <tee@kontorhaus.example>', host: 'kontorhaus.example', title: 'Neue Ernte' },
] as const;

const TOPICS = ['the harvest', 'old varnish', 'a visit to the yard', 'winter hours', 'a concert', 'new tools'] as const;

function newsletters(count: number): Letter[] {
  return Array.from({ length: count }, (_, n) => {
    const sender = NEWSLETTERS[n % NEWSLETTERS.length] ?? NEWSLETTERS[0];
    const topic = TOPICS[n % TOPICS.length] ?? '';
    const number = Math.floor(n / NEWSLETTERS.length) + 1;
    const page = `https://${sender.host}/issue/${number}`;
    const paragraphs = Array.from(
      { length: 6 },
      (_, p) => `In part ${p + 1} we look at ${topic}, and at what comes after.`,
    );
    return {
      folder: n % 3 === 0 ? 'Lists' : n % 3 === 1 ? 'INBOX' : 'Archive',
      ...{ at: timeOf(n, count, 11), from: sender.from, to: NELE, subject: `${sender.title}, no. ${number}: ${topic}` },
      text: `View this letter in your browser: ${page}\n`,
      html: `<html><body><div style="display:none">Have you seen ${topic}?</div><table role="presentation"><tr><td><h1>${sender.title}</h1>${paragraphs.map((text) => `<p>${text}</p>`).join('')}<p><a href="${page}?u=9f31">Read on</a> · <a href="https://${sender.host}/leave?u=9f31">Leave this list</a></p></td></tr></table></body></html>`,
      headers: {
        'List-ID': `${sender.title} <letter.${sender.host}>`,
        'List-Unsubscribe': `<mailto:leave@${sender.host}?subject=leave>, <https://${sender.host}/leave?u=9f31>`,
        ...(n % 2 === 0 && { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
      },
    };
  });
}

const SHOPS = [
  ['Farbenlager <rechnung@farbenlager.example>', 'Rechnung', 'Schellack, 1 kg'],
  ['Northside Metals <accounts@northside-metals.example>', 'Invoice', 'Brass sheet, 0.8 mm'],
  ['Stadtwerke <kunden@stadtwerke.example>', 'Abrechnung', 'Strom'],
] as const;

function invoices(count: number): Letter[] {
  return Array.from({ length: count }, (_, n) => {
    const [from, word, item] = SHOPS[n % SHOPS.length] ?? SHOPS[0];
    const number = `${2025 + Math.floor((n + 2) / count)}-${1000 + n * 7}`;
    const euros = `${40 + n * 13}.${10 + (n % 90)}`;
    return {
      ...{ folder: 'Receipts', at: timeOf(n, count, 240), from, to: NELE, subject: `${word} ${number}` },
      text: `${word} ${number}: ${euros} EUR. The document is attached.`,
      files: [
        {
          ...{ filename: `${word}-${number}.pdf`, contentType: 'application/pdf' },
          content: toPdf([`${word} ${number}`, item, `Total ${euros} EUR`]),
        },
      ],
    };
  });
}

const NOTICES = [
  ['Parcel Post <no-reply@parcelpost.example>', 'Your parcel has arrived', 'It waits at the corner shop, number'],
  ['Strandbank <no-reply@strandbank.example>', 'Your statement is ready', 'Sign in to read statement'],
  ['Stadtbibliothek <info@stadtbibliothek.example>', 'Rückgabe in drei Tagen', 'Bitte zurückbringen: Band'],
] as const;

function notices(count: number): Letter[] {
  return Array.from({ length: count }, (_, n) => {
    const [from, subject, text] = NOTICES[n % NOTICES.length] ?? NOTICES[0];
    return {
      folder: n % 5 === 0 ? 'Trash' : n % 2 === 0 ? 'INBOX' : 'Archive',
      ...{ at: timeOf(n, count, 600), from, to: NELE, subject, text: `${text} ${1000 + n}.` },
      headers: { 'Auto-Submitted': 'auto-generated' },
      isUnread: n % 7 === 0,
    };
  });
}

/** A mailing list of the rowing club, whose members answer one another. */
function mailingList(count: number): Letter[] {
  const members = Object.values(PEOPLE);
  const list = 'Rowing crew <crew@rowing.example>';
  return Array.from({ length: count }, (_, n) => {
    const [first = NELE, second = NELE] = [members[n % members.length], members[(n + 3) % members.length]];
    const at = (hours: number) => timeOf(n, count, 900 + hours * 60);
    return conversation(`[crew] Outing ${n + 1}`, [
      { folder: 'Club/Rowing', at: at(0), from: first, to: list, text: 'Which boat do we take this time?' },
      { folder: 'Club/Rowing', at: at(5), from: second, to: list, text: `The four, number ${n}.`, program: 'gmail' },
    ]);
  })
    .flat()
    .map((letter) => ({
      ...letter,
      headers: {
        'List-ID': 'Rowing crew <crew.rowing.example>',
        'List-Unsubscribe': '<mailto:crew-leave@rowing.example>',
      },
    }));
}

/** Mail with a forged sender, as the own server has found it. */
function forged(count: number): Letter[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ folder: 'Junk', at: timeOf(n, count, 77), from: `Parcel Post <service@parcelpost.example>`, to: NELE },
    ...{ subject: `Parcel ${5000 + n} is held`, verdict: 'fail' as const, isUnread: true },
    text: `Pay 1.99 to receive parcel ${5000 + n}: https://parcel-fee.example/${n}`,
    html: `<p>Pay 1.99 to receive parcel ${5000 + n}: <a href="https://parcel-fee.example/${n}">www.parcelpost.example</a></p>`,
  }));
}

export const BULK: readonly Letter[] = [
  ...newsletters(110),
  ...invoices(36),
  ...notices(60),
  ...mailingList(24),
  ...forged(8),
];
