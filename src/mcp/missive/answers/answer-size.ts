/** Bounds the size of answers, which hosts cut at 25,000 tokens: rows wait for the next page, and what is too long alone is cut. */
import { z } from 'zod';

type Fields = Record<string, unknown>;

/** Less than 20,000 tokens of four characters, and escapes make texts longer on their way out. */
const MAX_ANSWER_CHARS = 72_000;

/** Bodies of one answer, together: quotation marks and line ends take two characters each in JSON. */
const MAX_BODY_CHARS = 34_000;

/** @returns the arguments of a call, with as many characters of each body as fit. The answer says where the rest begins. */
export function withFittingBodies<Args extends Fields>(args: Args, bodies = 1): Args {
  const { max_chars: chars } = args;
  const most = Math.floor(MAX_BODY_CHARS / Math.max(1, bodies));
  return typeof chars === 'number' && chars > most ? { ...args, max_chars: most } : args;
}

/** Field of an answer that says what was cut. */
export const LEFT_OUT = { left_out: z.string().optional().describe('What did not fit into the answer.') };

const sizeOf = (value: unknown): number => JSON.stringify(value).length;

/** The number of first rows that fit into one answer; at least one. */
export function fittingRows(rows: readonly Fields[]): number {
  let chars = 0;
  const first = rows.findIndex((row) => {
    chars += sizeOf(row) + 1;
    return chars > MAX_ANSWER_CHARS;
  });
  return first < 0 ? rows.length : Math.max(first, 1);
}

/** Lengths to which texts and lists are cut, one after the other, until the answer fits. */
const STEPS = [
  { text: 8_000, list: 1_000 },
  { text: 2_000, list: 200 },
  { text: 500, list: 50 },
  { text: 100, list: 20 },
  { text: 50, list: 5 },
];

/** @returns the answer itself if it fits */
export function fittedAnswer(answer: Fields): Fields {
  if (sizeOf(answer) <= MAX_ANSWER_CHARS) return answer;
  for (const step of STEPS) {
    const left_out = `Texts after ${step.text} characters and lists after ${step.list} entries: ask for fewer rows, or for one thing by its id.`;
    const fitted = { ...withoutExcess(answer, step), left_out };
    if (sizeOf(fitted) <= MAX_ANSWER_CHARS) return fitted;
  }
  throw new RangeError('An answer has too many fields');
}

function withoutExcess(fields: Fields, step: (typeof STEPS)[number]): Fields {
  const cut = (value: unknown, name: string): unknown => {
    // A cursor is good only as a whole.
    if (typeof value === 'string') return name === 'next_cursor' ? value : startOf(value, step.text);
    if (Array.isArray(value)) return value.slice(0, step.list).map((each) => cut(each, name));
    return typeof value === 'object' && value !== null ? withoutExcess({ ...value }, step) : value;
  };
  const entries = Object.entries(fields).slice(0, Math.max(step.list, MAX_FIELDS));
  return Object.fromEntries(entries.map(([name, value]) => [name, cut(value, name)]));
}

/** More than any object of the API has, other than those whose keys are data. */
const MAX_FIELDS = 50;

function startOf(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
