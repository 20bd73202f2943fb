/** Quotes the letter that is answered below the new text, as widespread mail programs do. */
import type { Letter } from './letter.ts';
import { nameOf } from './people.ts';

type Quoted = Pick<Letter, 'from' | 'to' | 'at' | 'subject'> & { text: string };
type Body = { text: string; html?: string };

/** Each program writes the quote in its own way. */
const WRITERS = {
  gmail: ({ from, at, text }: Quoted, answer: string): Body => ({
    text: `${answer}\n\nOn ${englishDate(at)} ${from} wrote:\n\n${marked(text)}\n`,
  }),
  apple: ({ from, at, text }: Quoted, answer: string): Body => ({
    text: `${answer}\n\n> On ${dayOf(at)}, at ${hourOf(at)}, ${from} wrote:\n> \n${marked(text)}\n`,
  }),
  thunderbird: ({ from, at, text }: Quoted, answer: string): Body => ({
    text: `${answer}\n\nAm ${germanDay(at)} um ${hourOf(at)} schrieb ${nameOf(from)}:\n${marked(text)}\n`,
  }),
  outlook: ({ from, to, at, subject, text }: Quoted, answer: string): Body => ({
    text: `${answer}\n\n________________________________\nFrom: ${from}\nSent: ${englishDate(at)}\nTo: ${to}\nSubject: ${subject}\n\n${text}\n`,
  }),
  'gmail-html': ({ from, at, text }: Quoted, answer: string): Body => ({
    text: `${answer}\n\nOn ${englishDate(at)} ${from} wrote:\n\n${marked(text)}\n`,
    html: `<div dir="ltr">${asHtml(answer)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On ${englishDate(at)} ${escaped(from)} wrote:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">${asHtml(text)}</blockquote></div>`,
  }),
  'outlook-html': ({ from, to, at, subject, text }: Quoted, answer: string): Body => ({
    text: `${answer}\n\nFrom: ${from}\nSent: ${englishDate(at)}\nTo: ${to}\nSubject: ${subject}\n\n${text}\n`,
    html: `<html><body><div>${asHtml(answer)}</div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> ${escaped(from)}<br><b>Sent:</b> ${englishDate(at)}<br><b>To:</b> ${escaped(to)}<br><b>Subject:</b> ${escaped(subject)}</div><div>${asHtml(text)}</div></body></html>`,
  }),
} satisfies Record<string, (quoted: Quoted, answer: string) => Body>;

export type Program = keyof typeof WRITERS;

/** The body of an answer, with all of the text that it answers, including what that text quotes. */
export function answerTo(quoted: Quoted, answer: string, program: Program): Body {
  return WRITERS[program](quoted, answer);
}

const marked = (text: string): string => text.trimEnd().replace(/^/gm, '> ').replaceAll('> >', '>>');

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const asHtml = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '<div><br></div>' : `<div>${escaped(line)}</div>`))
    .join('');

const dayOf = (at: string): string =>
  new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

const hourOf = (at: string): string => at.slice(11, 16);

const germanDay = (at: string): string => `${at.slice(8, 10)}.${at.slice(5, 7)}.${at.slice(2, 4)}`;

const englishDate = (at: string): string => `${dayOf(at)} ${hourOf(at)}`;
