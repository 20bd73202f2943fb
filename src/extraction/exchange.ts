/** Declares what a process that reads files is asked, and what it may answer: text, numbers and names of these lists, and no sentence of its own. */
import { z } from 'zod';

/** The first line of the input; the bytes of the file follow it. */
export interface FileRequest {
  /** Of the file, as the sender wrote it. */
  name: string;
  /** Media type as the sender declared it, lower case. */
  type: string;
  /** Declared for a text; null if none is. */
  charset: string | null;
  /** Of the file, an estimate. */
  sizeBytes: number;
  /** Characters to skip, and characters to return at most. */
  offset: number;
  chars: number;
}

/** What a text does not have, because the program that shows the file does not show it either. */
const LeftOut = z.enum([
  ...(['hidden sheet', 'hidden row', 'hidden column', 'hidden slide', 'hidden paragraph'] as const),
  ...(['comment', 'tracked deletion', 'speaker note'] as const),
]);
export type LeftOut = z.output<typeof LeftOut>;

/**
 * What is remarkable about a text.
 *
 * - `scanned layer`: it lies unseen over pictures of pages, as text recognition writes it
 * - `stopped`: the file has more text than could be read in the time or the memory
 * - `broken end`: the file is damaged, and the text is what comes before that
 */
const Remark = z.enum(['scanned layer', 'stopped', 'broken end', 'signed', 'winmail']);
export type Remark = z.output<typeof Remark>;

/**
 * Why no text of a file is returned.
 *
 * - `bomb`: it declares far more than it has bytes for
 * - `complex`: it nests or repeats more than documents do
 * - `mismatch`: it is not what its name says
 */
const FileFault = z.enum([
  ...(['scan', 'password', 'size', 'bomb', 'complex', 'damaged', 'mismatch', 'empty'] as const),
  ...(['picture', 'sound', 'archive', 'program', 'old office', 'encrypted', 'certificates', 'unknown'] as const),
]);
export type FileFault = z.output<typeof FileFault>;

const Count = z.number().int().min(0);

export const FileAnswer = z.union([
  z.object({
    text: z.string(),
    /** True if there is more text behind it. */
    isMore: z.boolean(),
    /** Characters of the whole text; null if not all of it was read. */
    totalChars: Count.nullable(),
    /** Pages of a PDF, slides of a presentation; null for others. */
    pages: Count.nullable(),
    /** Letters and digits that are white, tiny or hidden. */
    hiddenLetters: Count,
    leftOut: z.array(z.tuple([LeftOut, Count.min(1)])),
    remarks: z.array(Remark),
  }),
  z.object({ fault: FileFault }),
]);
export type FileAnswer = z.output<typeof FileAnswer>;
