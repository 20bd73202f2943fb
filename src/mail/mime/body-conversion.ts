/**
 * Converts the text parts of one message within limits of bytes and time for all of them together.
 *
 * Small parts are converted at once, all others in a worker thread: a megabyte of HTML takes seconds.
 */
import { ToolError } from '../../errors.ts';
import { defineJob, JobError, type JobNeeds, type RunJob } from '../../workers/workers.ts';
import { assembleBody, type Body, type BodyPlan, fallbackText } from './body.ts';
import { isHtml } from './body-parts.ts';
import type { Part } from './body-structure.ts';
import { bodyWarning, type TextRange } from './body-text.ts';
import {
  type ConversionInput,
  type ConversionOutput,
  type ConvertedHtml,
  type ConvertedPart,
  convertHtml,
  convertParts,
  type PartToConvert,
} from './convert-parts.ts';
import { isStubBeside, mayBeStub } from './stub-text.ts';

export interface ConversionOptions {
  /** Characters of text and of HTML that are needed. */
  chars: number;
  /** Absent: everything is converted in this thread. */
  runJob?: RunJob | undefined;
}

/** A part to fetch, with the most bytes that are read of it. */
export interface WantedRange {
  part: Part;
  maxBytes: number;
}

export interface BodyConversion {
  /** The parts to fetch and convert next; empty if enough is converted or a limit is reached. */
  next(): WantedRange[];
  /** Converts the parts that next() returned. @throws {ToolError} if no thread became free in time */
  convert(wanted: readonly WantedRange[], bytes: ReadonlyMap<Part, Buffer>): Promise<void>;
  body(): Body;
}

/** Bytes that are read of all text parts together, as encoded. */
const MAX_CALL_BYTES = 2 * 1024 * 1024;
const MAX_PART_BYTES = 1024 * 1024;
/** Bytes of parts that are fetched together: most messages have less text. */
const BATCH_BYTES = 256 * 1024;
/** A server may declare a part smaller than it is. */
const MIN_RANGE_BYTES = 64 * 1024;
/** Time for the conversion of all parts together. */
const MAX_CALL_MS = 3_000;
/** The job itself stops between two parts; the thread is ended if one part takes longer, or the machine is busy. */
const GRACE_MS = 1_000;
/** Bytes that are converted without a worker thread: at most about 20 ms. */
const MAX_INLINE_BYTES = 16 * 1024;
/** Bytes that are converted in place of parts which took too long. */
const RESCUED_BYTES = 8 * 1024;

const CONVERT_PARTS = defineJob<ConversionInput, ConversionOutput>(import.meta.url, './convert-parts', 'convertParts');

export function createBodyConversion(plan: BodyPlan, { chars, runJob }: ConversionOptions): BodyConversion {
  const converted = new Map<Part, ConvertedPart>();
  const warnings = new Set<string>();
  const isForText = new Set(plan.textParts);
  const isForHtml = new Set(plan.htmlParts);
  const left = { text: chars, html: chars, bytes: MAX_CALL_BYTES, ms: MAX_CALL_MS };
  const whole = { text: true, html: true };
  let pending = plan.wanted;
  let plain: Plain | undefined;

  /** Continues with the HTML if the plain text is empty or may be a stub. */
  function addFallback(): void {
    const { text } = assembleBody(plan, converted);
    if (plain !== undefined || plan.fallbackParts.length === 0 || text === null || !mayBeStub(text)) return;
    plain = { text, isWhole: whole.text };
    isForText.clear();
    for (const part of plan.fallbackParts) isForText.add(part);
    whole.text = true;
    left.text = chars;
    pending = plan.fallbackParts;
  }

  const isNeeded = (part: Part) =>
    (isForText.has(part) && whole.text && left.text > 0) || (isForHtml.has(part) && whole.html && left.html > 0);

  return {
    next() {
      if (pending.length === 0) addFallback();
      const needed = pending.filter(isNeeded);
      const isOver = left.bytes <= 0 || left.ms <= 0;
      if (needed.length > 0 && isOver) warnings.add(left.ms <= 0 ? COMPLEX_WARNING : LONG_WARNING);
      const batch = isOver ? [] : firstParts(needed, BATCH_BYTES);
      const last = batch.at(-1);
      const index = last === undefined ? pending.length : pending.indexOf(last) + 1;
      const skipped = pending.slice(0, index).filter((part) => !batch.includes(part));
      if (skipped.some((part) => isForText.has(part))) whole.text = false;
      if (skipped.some((part) => isForHtml.has(part))) whole.html = false;
      pending = pending.slice(index);
      return batch.map((part) => ({ part, maxBytes: Math.min(left.bytes, maxBytesOf(part)) }));
    },
    async convert(wanted, bytes) {
      const parts = toConvert(wanted, bytes).map((each) => ({
        ...each,
        isForText: isForText.has(each.part),
        isForHtml: isForHtml.has(each.part),
      }));
      for (const { part, range } of parts) {
        const warning = bodyWarning(part, range);
        if (warning !== null) warnings.add(warning);
        left.bytes -= range.bytes.length;
      }
      const input = { parts, textChars: left.text, htmlChars: left.html, maxMs: left.ms };
      const output = await convert(input, runJob);
      for (const [index, part] of output.parts.entries()) {
        const key = wanted[index]?.part;
        const known = key && converted.get(key);
        if (key !== undefined) converted.set(key, part.text === null ? { ...part, ...known } : part);
        left.text -= part.text?.length ?? 0;
        left.html -= part.html?.length ?? 0;
      }
      left.ms = output.isOverLimit ? 0 : left.ms - output.ms;
      if (output.isOverLimit) warnings.add(COMPLEX_WARNING);
      if (output.isStyleCut) warnings.add(STYLE_WARNING);
      whole.text &&= output.isTextWhole;
      whole.html &&= output.isHtmlWhole;
    },
    body: () => finish(plan, converted, { plain, whole, warnings }),
  };
}

function finish(
  plan: BodyPlan,
  converted: ReadonlyMap<Part, ConvertedPart>,
  {
    plain,
    whole,
    warnings,
  }: { plain: Plain | undefined; whole: { text: boolean; html: boolean }; warnings: Set<string> },
): Body {
  const body = assembleBody(plan, converted);
  const { text: html, hidden } = fallbackText(plan, converted);
  if (plain === undefined || html === null || !isStubBeside(plain.text, html)) {
    return { ...body, isComplete: (plain?.isWhole ?? whole.text) && whole.html, warnings: [...warnings] };
  }
  if (plain.text.trim() !== '') warnings.add(STUB_WARNING);
  const isComplete = whole.text && whole.html;
  return { ...body, text: html, hidden, textIsFromHtml: true, isComplete, warnings: [...warnings] };
}

/** What the plain text was when its HTML became needed. */
interface Plain {
  text: string;
  isWhole: boolean;
}

function toConvert(
  wanted: readonly WantedRange[],
  bytes: ReadonlyMap<Part, Buffer>,
): { part: Part; range: TextRange }[] {
  return wanted.map(({ part, maxBytes }) => {
    const found = bytes.get(part) ?? Buffer.alloc(0);
    // A copy: a view would take the whole buffer behind it to the thread.
    return { part, range: { bytes: Uint8Array.from(found), isCut: found.length >= maxBytes } };
  });
}

async function convert(input: ConversionInput, runJob: RunJob | undefined): Promise<ConversionOutput> {
  const weight = input.parts.reduce((sum, part) => sum + weightOf(part), 0);
  const bytes = input.parts.reduce((sum, { range }) => sum + range.bytes.length, 0);
  if (runJob === undefined || weight <= MAX_INLINE_BYTES) return convertParts(input);
  try {
    return await runJob(CONVERT_PARTS, input, needsOf(bytes, input.maxMs));
  } catch (error) {
    requireLimit(error);
    return convertStart(input);
  }
}

const CONVERT_HTML = defineJob<{ html: string; chars: number }, ConvertedHtml>(
  import.meta.url,
  './convert-parts',
  'convertHtml',
);

/**
 * Converts HTML that is not part of a mail message, likewise.
 *
 * @throws {ToolError} if no thread became free in time
 */
export async function textFromHtml(html: string, { chars, runJob }: ConversionOptions): Promise<ConvertedHtml> {
  if (runJob === undefined || 2 * html.length <= MAX_INLINE_BYTES) return convertHtml({ html, chars });
  try {
    return await runJob(CONVERT_HTML, { html, chars }, needsOf(html.length, MAX_CALL_MS));
  } catch (error) {
    requireLimit(error);
    return { ...convertHtml({ html: html.slice(0, RESCUED_BYTES), chars }), isWhole: false, isOverLimit: true };
  }
}

function needsOf(bytes: number, maxMs: number): JobNeeds {
  return { budgetMs: 2 * maxMs + GRACE_MS, isLarge: bytes > BATCH_BYTES };
}

/** @throws {ToolError} or the error itself, unless the job exceeded a limit */
function requireLimit(error: unknown): void {
  if (!(error instanceof JobError)) throw error;
  if (error.fault === 'busy') throw new ToolError(BUSY, { cause: error });
  if (error.fault === 'cancelled')
    throw new ToolError('The call ended before the text was converted.', { cause: error });
}

/** Converts the start of the first part, in place of parts that took too long. */
function convertStart(input: ConversionInput): ConversionOutput {
  const parts = input.parts.slice(0, 1).map(({ range, ...rest }) => ({
    ...rest,
    range: { bytes: range.bytes.slice(0, RESCUED_BYTES), isCut: true },
  }));
  return { ...convertParts({ ...input, parts }), isTextWhole: false, isHtmlWhole: false, isOverLimit: true };
}

/** Bytes of text in other charsets that take as long. HTML takes twice the time, simple text less than half of it. */
function weightOf({ part, range, isForText }: PartToConvert): number {
  if (isForText && isHtml(part)) return 2 * range.bytes.length;
  return SIMPLE_CHARSET.test(part.parameters.get('charset') ?? '') ? range.bytes.length / 2 : range.bytes.length;
}

const SIMPLE_CHARSET = /^(?:|us-ascii|utf-?8|iso-8859-\d{1,2}|windows-125\d)$/i;

/** The first parts that have at most so many bytes together; at least one. */
function firstParts(parts: readonly Part[], bytes: number): Part[] {
  let sum = 0;
  const end = parts.findIndex((part) => {
    sum += Math.min(part.sizeBytes, MAX_PART_BYTES);
    return sum > bytes;
  });
  return parts.slice(0, end < 0 ? parts.length : Math.max(end, 1));
}

/** Without a structure the size is unknown. */
function maxBytesOf({ number, sizeBytes }: Part): number {
  return number === 'TEXT' ? MAX_PART_BYTES : Math.min(MAX_PART_BYTES, Math.max(MIN_RANGE_BYTES, 2 * sizeBytes));
}

const STUB_WARNING = 'The plain text of this message is only a stub, so text_body is made from its HTML form.';
const STYLE_WARNING =
  'The style sheets of this message are too complex to apply, so the text may have words that people do not see. They may be hidden instructions.';
const LONG_WARNING = 'The body is longer than what is read here; only its start was read.';
const COMPLEX_WARNING =
  'The text of this message takes too long to convert, so only its start is here. With body_format "html" the HTML is returned as it is.';
const BUSY =
  'Other messages of this account are still being converted. Call again in a few seconds, or read one message at a time.';
