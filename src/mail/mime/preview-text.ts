/** Makes the first line that a list shows of a message: the start of its new text. Runs in a worker thread if the parts are large. */
import { cutText } from '../../text/cut-text.ts';
import { newTextOf } from '../../text/new-text.ts';
import { textOfHtml } from '../html/html-text.ts';
import { isHtml } from './body-parts.ts';
import type { Part } from './body-structure.ts';
import { decodeBody, type TextRange } from './body-text.ts';
import { isStubBeside, mayBeStub, refersToOtherForm } from './stub-text.ts';

/** A part of a message, as much of it as was fetched. */
export interface StartOfPart {
  part: Part;
  range: TextRange;
}

export interface PreviewInput {
  /** For each message its text, and the HTML that is read if the text is a stub; each of them may be absent. */
  messages: { text?: StartOfPart; html?: StartOfPart }[];
  /** Characters of each preview. */
  chars: number;
  /** After this time no further message is read. */
  maxMs: number;
}

export interface PreviewOutput {
  /** For each message its preview, which may be empty; null if there was no time for it. */
  previews: (string | null)[];
  /** Time that the conversion took. */
  ms: number;
}

/** As encoded. Newsletters begin with as much markup. */
const MAX_TEXT_BYTES = 16 * 1024;
const MAX_HTML_BYTES = 64 * 1024;

/** Bytes of a part that are enough for its preview. */
export function previewBytesOf(part: Part): number {
  return isHtml(part) ? MAX_HTML_BYTES : MAX_TEXT_BYTES;
}

/** HTML is converted from its start, to the first of these lengths that gives enough text. */
const STEPS_CHARS = [8 * 1024, 24 * 1024, 64 * 1024];
/** Lines without a word of their own. */
const MAX_BOILERPLATE_CHARS = 160;

export function previewTexts({ messages, chars, maxMs }: PreviewInput): PreviewOutput {
  const startedAt = performance.now();
  const isLate = () => performance.now() > startedAt + maxMs;
  const previews = messages.map(({ text, html }) => (isLate() ? null : previewOf(text, html, chars)));
  return { previews, ms: performance.now() - startedAt };
}

function previewOf(text: StartOfPart | undefined, html: StartOfPart | undefined, chars: number): string {
  const plain = text === undefined ? '' : textOf(text, chars);
  const isPlainText = text !== undefined && !isHtml(text.part);
  if (html === undefined || (isPlainText && !mayBeStub(plain))) return startOf(plain, chars);
  const rich = textOf(html, chars);
  return startOf(isStubBeside(plain, rich) ? rich : plain, chars);
}

function textOf({ part, range }: StartOfPart, chars: number): string {
  const body = decodeBody(part, range);
  if (!isHtml(part)) return body;
  let text = '';
  for (const step of STEPS_CHARS) {
    text = textOfHtml(body.slice(0, step)).text;
    if (body.length <= step || startOf(text, chars).length >= chars) break;
  }
  return text;
}

/** The new text on one line, without links and without the lines that newsletters begin with. */
function startOf(text: string, chars: number): string {
  const lines = newTextOf(text)
    .split('\n')
    .map((line) => line.replace(LINK, ' ').trim())
    .filter((line) => /[\p{L}\p{N}]/u.test(line) && !isBoilerplate(line));
  return cutText(lines.join(' ').replace(/\s+/g, ' '), chars);
}

/** A link says nothing at this length. */
const LINK = /<(?:https?:\/\/[^<>]*|[a-z\d.-]+\.[a-z]{2,})>|\bhttps?:\/\/\S+/gi;

function isBoilerplate(line: string): boolean {
  return line.length <= MAX_BOILERPLATE_CHARS && refersToOtherForm(line);
}
