/** Converts the texts of many messages, as much of each as was fetched. Runs in a worker thread if they are long. */
import { hiddenLetters } from '../html/hidden-letters.ts';
import { type HiddenElement, textOfHtml } from '../html/html-text.ts';
import type { Part } from '../mime/body-structure.ts';
import { decodeBody } from '../mime/body-text.ts';
import type { StartOfPart } from '../mime/preview-text.ts';
import { isStubBeside, mayBeStub } from '../mime/stub-text.ts';

export interface TextsInput {
  messages: {
    texts: StartOfPart[];
    /** Read if the text is empty or a stub. */
    html?: StartOfPart;
    /** True for a message of a list that people can leave. */
    isNewsletter: boolean;
  }[];
  /** After this time no further message is read. */
  maxMs: number;
}

export interface MessageText {
  /** With what it quotes. */
  text: string;
  /** True if the message has more. */
  isCut: boolean;
  /** Letters of the HTML that its style hides, and that are worth a warning. */
  hiddenLetters: number;
}

export interface TextsOutput {
  /** For each message its text, which may be empty; null if there was no time for it. */
  texts: (MessageText | null)[];
  /** Time that the conversion took. */
  ms: number;
}

/** True for a text that has to be converted. */
export function isHtml({ type }: Part): boolean {
  return type === 'text/html' || type === 'application/xhtml+xml';
}

export function messageTexts({ messages, maxMs }: TextsInput): TextsOutput {
  const startedAt = performance.now();
  const isLate = () => performance.now() > startedAt + maxMs;
  const texts = messages.map((message) => (isLate() ? null : textOf(message)));
  return { texts, ms: performance.now() - startedAt };
}

interface Converted {
  text: string;
  isCut: boolean;
  hidden: HiddenElement[];
}

function textOf({ texts, html, isNewsletter }: TextsInput['messages'][number]): MessageText {
  const plain = join(texts.map(convert));
  const isPlain = texts.length > 0 && !texts.some(({ part }) => isHtml(part));
  const { text, isCut, hidden } =
    html === undefined || (isPlain && !mayBeStub(plain.text)) ? plain : fuller(plain, html);
  return { text, isCut, hiddenLetters: hiddenLetters(hidden, text, isNewsletter) };
}

function fuller(plain: Converted, html: StartOfPart): Converted {
  const rich = convert(html);
  return isStubBeside(plain.text, rich.text) ? rich : plain;
}

function convert({ part, range }: StartOfPart): Converted {
  const body = decodeBody(part, range);
  if (!isHtml(part)) return { text: body.trimEnd(), isCut: range.isCut, hidden: [] };
  const { text, hidden, isCut } = textOfHtml(body);
  return { text: text.trimEnd(), isCut: range.isCut || isCut, hidden };
}

function join(all: readonly Converted[]): Converted {
  return {
    text: all
      .map(({ text }) => text)
      .filter((text) => text !== '')
      .join('\n\n'),
    isCut: all.some(({ isCut }) => isCut),
    hidden: all.flatMap(({ hidden }) => hidden),
  };
}
