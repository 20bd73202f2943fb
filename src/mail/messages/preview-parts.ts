/** Chooses the parts of messages that their previews are made of, and converts those of a page in one job. */

import { convertGrouped } from '../../workers/grouped-jobs.ts';
import { defineJob, type JobNeeds, type RunJob } from '../../workers/workers.ts';
import { planBody } from '../mime/body.ts';
import {
  type PreviewInput,
  type PreviewOutput,
  previewBytesOf,
  previewTexts,
  type StartOfPart,
} from '../mime/preview-text.ts';
import type { PartRange } from '../parts/part-groups.ts';

export type Part = StartOfPart['part'];

/** The parts to fetch of one message. */
export interface PreviewParts {
  text?: PartRange;
  /** Read if the text is empty or a stub. */
  html?: PartRange;
}

/** A longer text is no stub. */
const MAX_STUB_BYTES = 4 * 1024;
/** Of all parts of a page together. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
const MIN_PART_BYTES = 2 * 1024;

/** @param structures of the messages of a page @returns in the same order; without parts if a message has no text */
export function planPreviews(structures: readonly (Part | null)[]): PreviewParts[] {
  const plans = structures.map(planOf);
  const all = plans.flatMap(({ text, html }) => [text, html].filter((range) => range !== undefined));
  const total = all.reduce((sum, { part, maxBytes }) => sum + Math.min(part.sizeBytes, maxBytes), 0);
  const scale = Math.min(1, MAX_PAGE_BYTES / Math.max(total, 1));
  for (const range of all) range.maxBytes = Math.max(MIN_PART_BYTES, Math.floor(range.maxBytes * scale));
  return plans;
}

function planOf(structure: Part | null): PreviewParts {
  if (structure === null) return {};
  const { textParts, fallbackParts } = planBody(structure, 'text');
  const text = textParts.find(({ sizeBytes }) => sizeBytes > 2);
  const html = text === undefined || text.sizeBytes <= MAX_STUB_BYTES ? fallbackParts[0] : undefined;
  return { ...(text && { text: rangeOf(text) }), ...(html && { html: rangeOf(html) }) };
}

function rangeOf(part: Part): PartRange {
  return { part, maxBytes: previewBytesOf(part) };
}

const PREVIEW_TEXTS = defineJob<PreviewInput, PreviewOutput>(import.meta.url, '../mime/preview-text', 'previewTexts');

/** Time for the conversion of all previews together. */
const MAX_MS = 3_000;
/** The job itself stops between two messages; the thread is ended if one takes longer, or the machine is busy. */
const GRACE_MS = 1_000;
type Wanted = PreviewInput['messages'][number];

/**
 * @param bytes of the parts in `plans` that were fetched
 * @returns in the order of `plans`; null for a preview that could not be made in time
 */
export async function convertPreviews(
  plans: readonly PreviewParts[],
  bytes: ReadonlyMap<Part, Buffer>,
  { chars, runJob }: { chars: number; runJob?: RunJob | undefined },
): Promise<(string | null)[]> {
  const messages = plans.map((plan) => toWanted(plan, bytes));
  return convertGrouped(messages, {
    bytesOf,
    convert: (group, maxMs) => toGrouped(previewTexts({ messages: group, chars, maxMs })),
    runJob:
      runJob &&
      (async (group, maxMs) =>
        toGrouped(await runJob(PREVIEW_TEXTS, { messages: group, chars, maxMs }, needsOf(maxMs)))),
    maxMs: MAX_MS,
  });
}

function toGrouped({ previews, ms }: PreviewOutput) {
  return { made: previews, ms };
}

function needsOf(maxMs: number): JobNeeds {
  return { budgetMs: 2 * maxMs + GRACE_MS, isLarge: false };
}

function toWanted({ text, html }: PreviewParts, bytes: ReadonlyMap<Part, Buffer>): Wanted {
  const start = (wanted: PartRange | undefined): StartOfPart | undefined => {
    const found = wanted && bytes.get(wanted.part);
    if (wanted === undefined || found === undefined) return undefined;
    // A copy: a view would take the whole buffer behind it to the thread.
    return { part: wanted.part, range: { bytes: Uint8Array.from(found), isCut: found.length >= wanted.maxBytes } };
  };
  const [textStart, htmlStart] = [start(text), start(html)];
  return { ...(textStart && { text: textStart }), ...(htmlStart && { html: htmlStart }) };
}

function bytesOf({ text, html }: Wanted): number {
  return (text?.range.bytes.length ?? 0) + (html?.range.bytes.length ?? 0);
}
