/**
 * Quotes a message below an answer, or shows it in a forwarded one, in text and in HTML.
 *
 * Invariant: the HTML is made of visible text alone, so no script, form, style or remote picture of the original is in it. Its classes are those by
 * which mail programs fold quotations.
 */
import { cutText } from '../../text/cut-text.ts';
import { safeLinks } from '../../text/links.ts';
import { toLocalTime } from '../../text/time.ts';
import { visibleLine, visibleText } from '../../text/visible-text.ts';
import type { Mailbox } from '../mime/addresses.ts';

export interface QuotedMessage {
  from: readonly Mailbox[];
  to: readonly Mailbox[];
  cc: readonly Mailbox[];
  subject: string;
  sentAt: string | null;
  arrivedAt: string | null;
  /** Null if it has none. */
  text: string | null;
  /** False if the text goes on. */
  isComplete: boolean;
}

export interface Quotation {
  text: string;
  html: string;
  /** Lines of the original. */
  lines: number;
  isCut: boolean;
}

/** Of the text of the original. */
export const MAX_QUOTED_CHARS = 200_000;
const MAX_NAME_CHARS = 60;
const CUT = '[…]';

/** The original below the line that says who wrote it and when, each line marked by `>` (RFC 3676 §4.5). */
export function quotation(original: QuotedMessage, timeZone: string): Quotation {
  const { body, lines, isCut } = bodyOf(original);
  const introduction = introductionOf(original, timeZone);
  const marked = lines.map((line) => (line === '' || line.startsWith('>') ? `>${line}` : `> ${line}`));
  return {
    text: [introduction, ...marked].join('\n'),
    html: `<div class="moz-cite-prefix">${htmlOf(introduction)}</div>\n<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">${htmlOf(body)}</blockquote>`,
    lines: lines.length,
    isCut,
  };
}

/** The original below its header, as mail programs show a forwarded message. */
export function forwarded(original: QuotedMessage, timeZone: string): Quotation {
  const { body, lines, isCut } = bodyOf(original);
  const { from, to, cc, sentAt, arrivedAt } = original;
  const when = sentAt ?? arrivedAt;
  const fields = [
    ['From', peopleLine(from)],
    ['Date', when === null ? '' : dateWords(when, timeZone)],
    ['Subject', visibleLine(original.subject).text],
    ['To', peopleLine(to)],
    ['Cc', peopleLine(cc)],
  ].flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));
  const text = [FORWARDED_LINE, ...fields, '', ...lines].join('\n');
  return {
    text,
    html: `<div class="moz-forward-container">${htmlOf([FORWARDED_LINE, ...fields, '', body].join('\n'))}</div>`,
    lines: lines.length,
    isCut,
  };
}

const FORWARDED_LINE = '---------- Forwarded message ---------';
/** Further ones are counted. */
const MAX_PEOPLE = 20;

function peopleLine(people: readonly Mailbox[]): string {
  const shown = people
    .slice(0, MAX_PEOPLE)
    .map(personLine)
    .filter((person) => person !== '');
  const more = people.length - MAX_PEOPLE;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function bodyOf({ text, isComplete }: QuotedMessage): { body: string; lines: string[]; isCut: boolean } {
  const visible = safeLinks(visibleText(text ?? '').text).text;
  const isCut = !isComplete || visible.length > MAX_QUOTED_CHARS;
  const start = visible.slice(0, MAX_QUOTED_CHARS).toWellFormed().trim();
  const body = isCut ? `${start}\n${CUT}` : start;
  return { body, lines: body === '' ? [] : body.split('\n').map((line) => line.trimEnd()), isCut };
}

function introductionOf({ from, sentAt, arrivedAt }: QuotedMessage, timeZone: string): string {
  const when = sentAt ?? arrivedAt;
  const who = from.slice(0, 1).map(personLine).join('');
  const on = when === null ? '' : `On ${dateWords(when, timeZone)}, `;
  return who === '' ? `${on}someone wrote:` : `${on}${who} wrote:`;
}

/** `28 Nov 2026, 15:00 +01:00`. */
function dateWords(when: string, timeZone: string): string {
  const [, year, month, day, time, offset] =
    /^(\d+)-(\d\d)-(\d\d)T(\d\d:\d\d):\d\d(.*)$/.exec(toLocalTime(when, timeZone)) ?? [];
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${time} ${offset === 'Z' ? 'UTC' : offset}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function personLine({ name, address }: Mailbox): string {
  const shown = cutText(visibleLine(name).text.replace(/[<>"]/g, '').trim(), MAX_NAME_CHARS);
  const reached = visibleLine(address).text;
  if (shown === '' || shown === reached) return reached;
  return reached === '' ? shown : `${shown} <${reached}>`;
}

/** A text as HTML: characters with a meaning escaped, line breaks and runs of blanks kept. */
export function htmlOf(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/ {2,}|^ /gm, (blanks) => `${'&nbsp;'.repeat(blanks.length - 1)}${blanks.length === 1 ? '&nbsp;' : ' '}`)
    .replace(/\r\n?|\n/g, '<br>\n');
}
