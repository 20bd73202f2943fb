/** Chooses what is fetched of the messages of a conversation, and converts it to what each of them adds. */

import { type FoldedText, type FoldInput, foldQuotes } from '../../text/fold-quotes.ts';
import { convertGrouped } from '../../workers/grouped-jobs.ts';
import { defineJob, JobError, type JobNeeds, type RunJob } from '../../workers/workers.ts';
import { planBody } from '../mime/body.ts';
import type { Part } from '../mime/body-structure.ts';
import type { Structure } from '../mime/summary.ts';
import type { PartRange } from '../parts/part-groups.ts';
import { isHtml, type MessageText, messageTexts, type TextsInput, type TextsOutput } from './message-texts.ts';

/** The parts to fetch of one message. */
export interface TextPlan {
  texts: PartRange[];
  /** Read if the text is empty or a stub. */
  html: PartRange | undefined;
  /** True if the message has more text parts. */
  isCut: boolean;
}

/** Text parts of one message. */
const MAX_TEXT_PARTS = 4;
/** A longer text is no stub. */
const MAX_STUB_BYTES = 1024;
/** Of one part, as encoded: a long quotation below the new text is recognized by its start. */
const MAX_TEXT_BYTES = 128 * 1024;
const MAX_HTML_BYTES = 256 * 1024;
const MIN_PART_BYTES = 4 * 1024;
/** Of all parts of a conversation together. HTML takes longer to convert. */
const MAX_ALL_TEXT_BYTES = 3 * 1024 * 1024;
const MAX_ALL_HTML_BYTES = 2 * 1024 * 1024;

/** @param structures of the messages @returns in the same order; without parts if a message has no text */
export function planTexts(structures: readonly Structure[]): TextPlan[] {
  const plans = structures.map(planOf);
  const all = plans.flatMap(rangesOf);
  scale(
    all.filter(({ part }) => !isHtml(part)),
    MAX_ALL_TEXT_BYTES,
  );
  scale(
    all.filter(({ part }) => isHtml(part)),
    MAX_ALL_HTML_BYTES,
  );
  return plans;
}

export function rangesOf({ texts, html }: TextPlan): PartRange[] {
  return html === undefined ? texts : [...texts, html];
}

function planOf(structure: Structure): TextPlan {
  if (structure === null) return { texts: [], html: undefined, isCut: false };
  const { textParts, fallbackParts } = planBody(structure, 'text');
  const filled = textParts.filter(({ sizeBytes }) => sizeBytes > 2);
  const isShort = filled.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) <= MAX_STUB_BYTES;
  const [html] = isShort ? fallbackParts : [];
  return {
    texts: filled.slice(0, MAX_TEXT_PARTS).map(rangeOf),
    html: html && rangeOf(html),
    isCut: filled.length > MAX_TEXT_PARTS,
  };
}

function rangeOf(part: Part): PartRange {
  return { part, maxBytes: isHtml(part) ? MAX_HTML_BYTES : MAX_TEXT_BYTES };
}

function scale(ranges: readonly PartRange[], maxBytes: number): void {
  const total = ranges.reduce((sum, range) => sum + Math.min(range.part.sizeBytes, range.maxBytes), 0);
  const share = Math.min(1, maxBytes / Math.max(total, 1));
  for (const range of ranges) range.maxBytes = Math.max(MIN_PART_BYTES, Math.floor(range.maxBytes * share));
}

const MESSAGE_TEXTS = defineJob<TextsInput, TextsOutput>(import.meta.url, './message-texts', 'messageTexts');
const FOLD_QUOTES = defineJob<FoldInput, FoldedText[]>(import.meta.url, '../../text/fold-quotes', 'foldQuotes');

/** Time for the conversion of all texts together. */
const MAX_MS = 3_000;
/** The job itself stops between two messages; the thread is ended if one takes longer, or the machine is busy. */
const GRACE_MS = 1_000;
/** Characters of all texts that are folded in this thread. */
const MAX_INLINE_CHARS = 16 * 1024;
/** Of all texts, so that a thread has memory enough to fold them. */
const MAX_ALL_CHARS = 2 * 1024 * 1024;

/** @returns in the order of `plans`; null for a text that could not be converted in time */
export async function convertTexts(
  messages: readonly { plan: TextPlan; isNewsletter: boolean }[],
  bytes: ReadonlyMap<Part, Buffer>,
  runJob: RunJob | undefined,
): Promise<(MessageText | null)[]> {
  const inputs = messages.map((message) => toInput(message, bytes));
  const total = inputs.reduce((sum, input) => sum + bytesOf(input), 0);
  const made = await convertGrouped(inputs, {
    bytesOf,
    convert: (group, maxMs) => toGrouped(messageTexts({ messages: group, maxMs })),
    runJob:
      runJob &&
      (async (group, maxMs) =>
        toGrouped(await runJob(MESSAGE_TEXTS, { messages: group, maxMs }, needsOf(maxMs, total)))),
    maxMs: MAX_MS,
  });
  const maxChars = Math.floor(MAX_ALL_CHARS / Math.max(messages.length, 1));
  return made.map((each, index) => {
    if (each === null) return null;
    const isCut = each.isCut || messages[index]?.plan.isCut === true || each.text.length > maxChars;
    return { ...each, text: each.text.slice(0, maxChars), isCut };
  });
}

/** @returns as foldQuotes(); null if that could not be done in time */
export async function foldTexts(input: FoldInput, runJob: RunJob | undefined): Promise<FoldedText[] | null> {
  const total = input.messages.reduce((sum, { text }) => sum + text.length, 0);
  if (runJob === undefined || total <= MAX_INLINE_CHARS) return foldQuotes(input);
  return runJob(FOLD_QUOTES, input, needsOf(MAX_MS, total)).catch((error: unknown) => {
    if (!(error instanceof JobError)) throw error;
    return null;
  });
}

/** Bytes or characters of a conversation that is converted in the large thread. */
const LARGE = 256 * 1024;

/** @param total of all texts: all jobs of a conversation run in the same thread */
function needsOf(maxMs: number, total: number): JobNeeds {
  return { budgetMs: 2 * maxMs + GRACE_MS, isLarge: total > LARGE };
}

function toGrouped({ texts, ms }: TextsOutput) {
  return { made: texts, ms };
}

type Input = TextsInput['messages'][number];

function toInput(
  { plan, isNewsletter }: { plan: TextPlan; isNewsletter: boolean },
  bytes: ReadonlyMap<Part, Buffer>,
): Input {
  const start = ({ part, maxBytes }: PartRange) => {
    const found = bytes.get(part);
    // A copy: a view would take the whole buffer behind it to the thread.
    return found === undefined
      ? []
      : [{ part, range: { bytes: Uint8Array.from(found), isCut: found.length >= maxBytes } }];
  };
  const [html] = plan.html === undefined ? [] : start(plan.html);
  return { texts: plan.texts.flatMap(start), ...(html && { html }), isNewsletter };
}

function bytesOf({ texts, html }: Input): number {
  return [...texts, ...(html === undefined ? [] : [html])].reduce((sum, { range }) => sum + range.bytes.length, 0);
}
