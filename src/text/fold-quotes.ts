/**
 * Folds the quotations of a conversation: what a message quotes is left out if the quoted message is part of the conversation itself, and stays,
 * marked by `> `, if it is not. Runs in a worker thread if the texts are long.
 *
 * Time is linear in the length of all texts together.
 */

import { KnownWords, wordsOf } from './known-words.ts';
import { tidy } from './new-text.ts';
import { firstQuestionOf } from './questions.ts';
import { introductionLength, startsQuotation } from './quotations.ts';
import { piecesOf, type TextPiece } from './text-pieces.ts';

export interface FoldInput {
  /** Oldest first. */
  messages: {
    text: string;
    /** The message that it answers, if that is one of these; otherwise null. */
    parent: number | null;
  }[];
  /** Characters that are needed of each text. */
  chars: number;
}

export interface FoldedText {
  /** What the message adds to the conversation. */
  text: string;
  /** True if the text is longer than what was needed. */
  isCut: boolean;
  /** What its author asks. */
  question: string | undefined;
}

/** Of the text that an answer between quotations refers to. */
const MAX_CONTEXT_CHARS = 160;
/** A quotation of less than this share of a message is an excerpt, and what follows answers it. */
const EXCERPT_SHARE = 0.6;
/** The same if the quoted message is unknown. */
const MAX_EXCERPT_WORDS = 50;
/** Of the quotations that stay in one message. */
const MAX_KEPT_CHARS = 4_000;

const ONLY_QUOTES = '[only quotes what is above]';

interface Parsed {
  pieces: (TextPiece & { words: number[][] })[];
  /** Words that the author wrote. */
  ownWords: number;
}

export function foldQuotes({ messages, chars }: FoldInput): FoldedText[] {
  const known = new KnownWords();
  const earlier = new KnownWords();
  const all = messages.map(({ text }) => parse(text));
  // Also what comes later: clocks differ, so an original may seem to be newer than its answer.
  for (const { pieces } of all) {
    for (const { kind, words } of pieces) if (kind !== 'marked' && kind !== 'unmarked') known.add(words);
  }
  return all.map((parsed, index) => {
    const parent = messages[index]?.parent ?? null;
    const parentWords = parent === null ? undefined : all[parent]?.ownWords;
    const folded = new Folding({ known, earlier }, parsed, parentWords).fold(chars);
    for (const { kind, words } of parsed.pieces) if (kind === 'own') earlier.add(words);
    return folded;
  });
}

function parse(text: string): Parsed {
  const pieces = piecesOf(text.split('\n')).map((piece) => ({ ...piece, words: piece.lines.map(lineWords) }));
  const own = pieces.filter(({ kind }) => kind === 'own');
  return { pieces, ownWords: own.reduce((sum, { words }) => sum + words.flat().length, 0) };
}

const MARKS = /^[ \t]{0,3}(?:>[ \t]?){1,50}/;

function lineWords(line: string): number[] {
  return wordsOf(line.replace(MARKS, ''));
}

/** Words that are shown: of the whole conversation, and of what the authors of earlier messages wrote. */
interface Known {
  known: KnownWords;
  earlier: KnownWords;
}

/** Folds one message. */
class Folding {
  readonly #known: KnownWords;
  readonly #earlier: KnownWords;
  readonly #pieces: Parsed['pieces'];
  readonly #parentWords: number | undefined;
  /** Quotations that are followed by what the author wrote. */
  readonly #followed: number;
  readonly #lines: string[] = [];
  readonly #own: string[] = [];
  #keptChars = 0;

  constructor({ known, earlier }: Known, { pieces }: Parsed, parentWords: number | undefined) {
    this.#known = known;
    this.#earlier = earlier;
    this.#pieces = pieces;
    this.#followed = pieces.filter((_, index) => this.#isFollowed(index)).length;
    this.#parentWords = parentWords;
  }

  fold(chars: number): FoldedText {
    for (const [index, { kind, lines, words }] of this.#pieces.entries()) {
      if (kind === 'own') this.#addOwn(lines.slice(0, repeatedFrom(words, this.#earlier)));
      else if (kind === 'marked' || kind === 'unmarked') this.#addQuotation(index);
    }
    const text = tidy(this.#lines) || this.#substitute();
    const question = firstQuestionOf(tidy(this.#own));
    return { text: text.slice(0, chars), isCut: text.length > chars, question };
  }

  /** Of a message that adds nothing: what stands below its text, or that it only quotes. */
  #substitute(): string {
    const isQuoting = this.#pieces.some(({ kind }) => kind === 'marked' || kind === 'unmarked');
    return isQuoting ? ONLY_QUOTES : tidy(this.#pieces.flatMap(({ lines }) => lines));
  }

  #addOwn(lines: readonly string[]): void {
    this.#lines.push(...lines, '');
    this.#own.push(...lines, '');
  }

  #addQuotation(index: number): void {
    const piece = this.#pieces[index];
    if (piece === undefined) return;
    const before = this.#pieces[index - 1];
    const sections = sectionsOf(piece, before?.kind === 'introduction' ? before.lines : []);
    const isFolded = sections.map((section) => this.#addSection(section, piece.kind === 'unmarked')).every(Boolean);
    if (isFolded && this.#isAnswered(index)) this.#lines.push(`> ${contextOf(piece.lines)}`);
  }

  /** True if the text that follows a quotation answers this very part of a message, and not the message as a whole. */
  #isAnswered(index: number): boolean {
    if (!this.#isFollowed(index)) return false;
    if (this.#followed > 1) return true;
    const words = this.#pieces[index]?.words.flat().length ?? 0;
    return words < (this.#parentWords === undefined ? MAX_EXCERPT_WORDS : EXCERPT_SHARE * this.#parentWords);
  }

  #isFollowed(index: number): boolean {
    return this.#pieces[index]?.kind === 'marked' && this.#pieces[index + 1]?.kind === 'own';
  }

  /** @returns true if all of it was left out */
  #addSection(section: Section, mayHaveAnswers: boolean): boolean {
    const { introduction, lines, words } = section;
    const known = this.#known.knows(words);
    if (known.every(Boolean)) return true;
    const unknown = known.filter((isKnown) => !isKnown).length;
    const isMostlyUnknown = 2 * unknown > words.filter(({ length }) => length > 0).length;
    if (isMostlyUnknown) this.#keep(introduction);
    if (mayHaveAnswers && !isMostlyUnknown) this.#addAnswers(section, known);
    else {
      // Empty lines have no words, which are known, and set paragraphs apart.
      const kept = lines.filter((_, at) => !known[at] || words[at]?.length === 0);
      this.#keep(
        tidy(kept)
          .split('\n')
          .map((line) => `> ${line}`.trimEnd()),
      );
    }
    this.#lines.push('');
    // The messages that follow do not repeat it.
    this.#known.add([...introduction.map(wordsOf), ...words]);
    return false;
  }

  /** Adds the lines that the author has written between those of the original. */
  #addAnswers({ lines }: Section, known: readonly boolean[]): void {
    let context: string[] = [];
    for (const [at, line] of lines.entries()) {
      if (known[at]) context.push(line);
      else {
        if (tidy(context) !== '') this.#lines.push('', `> ${contextOf(context)}`);
        context = [];
        this.#lines.push(line);
        this.#own.push(line);
      }
    }
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#keptChars > MAX_KEPT_CHARS) return;
      this.#keptChars += line.length;
      this.#lines.push(this.#keptChars > MAX_KEPT_CHARS ? '> […]' : line);
    }
  }
}

/** Lines of a quotation that no program has marked, at the end of what an author seems to have written. */
const MIN_REPEATED_WORDS = 30;

/** @returns where lines begin that earlier messages have, down to the last one; the number of lines if there are too few of them */
function repeatedFrom(words: readonly (readonly number[])[], earlier: KnownWords): number {
  const known = earlier.knows(words);
  const start = known.lastIndexOf(false) + 1;
  const repeated = words.slice(start).reduce((sum, { length }) => sum + length, 0);
  return start > 0 && repeated >= MIN_REPEATED_WORDS ? start : words.length;
}

/** One quoted message, of a quotation that quotes others. */
interface Section {
  introduction: readonly string[];
  /** Without marks. */
  lines: string[];
  words: number[][];
}

function sectionsOf({ lines, words }: Parsed['pieces'][number], introduction: readonly string[]): Section[] {
  const plain = lines.map((line) => line.replace(MARKS, ''));
  let section: Section = { introduction, lines: [], words: [] };
  const sections = [section];
  for (let at = 0; at < plain.length; ) {
    if (startsQuotation(plain, at)) {
      const length = Math.max(1, introductionLength(plain.slice(at, at + MAX_HEADER_LINES)));
      section = { introduction: plain.slice(at, at + length), lines: [], words: [] };
      sections.push(section);
      at += length;
    } else {
      section.lines.push(plain[at] ?? '');
      section.words.push(words[at] ?? []);
      at += 1;
    }
  }
  return sections;
}

/** More than any introduction has. */
const MAX_HEADER_LINES = 20;

/** The end of the last paragraph, on one line. */
function contextOf(lines: readonly string[]): string {
  const plain = lines.map((line) => line.replace(MARKS, '').trim());
  while (plain.length > 0 && plain.at(-1) === '') plain.pop();
  const start = plain.lastIndexOf('') + 1;
  const text = plain.slice(start).join(' ').replace(/\s+/g, ' ');
  if (text.length <= MAX_CONTEXT_CHARS) return text;
  const end = text.slice(-MAX_CONTEXT_CHARS);
  return `…${end.slice(end.indexOf(' ') + 1)}`;
}
