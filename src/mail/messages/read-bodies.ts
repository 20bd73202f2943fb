/** Fetches the text parts of a message until enough of them is converted, and with the first of them those of other kinds. */
import type { Body, BodyPlan } from '../mime/body.ts';
import { type ConversionOptions, createBodyConversion, type WantedRange } from '../mime/body-conversion.ts';
import type { Part } from '../mime/body-structure.ts';
import type { PartBytes, PartSource } from './part-source.ts';

export interface ReadParts {
  body: Body;
  /** Bytes of the special parts. */
  bytes: PartBytes;
}

/** @param special parts to fetch that are not text */
export async function readBodies(
  source: PartSource,
  { plan, special }: { plan: BodyPlan; special: readonly WantedRange[] },
  options: ConversionOptions,
): Promise<ReadParts> {
  const conversion = createBodyConversion(plan, options);
  const missing = new Set<Part>();
  const fetch = async (ranges: readonly WantedRange[]) => {
    const bytes = ranges.length === 0 ? new Map<Part, Buffer>() : await source.fetch(ranges);
    for (const { part } of ranges) if (!bytes.has(part)) missing.add(part);
    return bytes;
  };
  let wanted = conversion.next();
  const first = await fetch([...wanted, ...special]);
  for (let bytes = first; wanted.length > 0; bytes = await fetch(wanted)) {
    await conversion.convert(wanted, bytes);
    wanted = conversion.next();
  }
  const body = conversion.body();
  const warnings = missing.size === 0 ? body.warnings : [...body.warnings, missingWarning([...missing])];
  return { body: { ...body, warnings }, bytes: first };
}

function missingWarning(parts: readonly Part[]): string {
  if (parts.some(({ number }) => number === 'TEXT')) return 'The mail server did not give the body.';
  const numbers = parts.map(({ number }) => number);
  const named = numbers.length === 1 ? `part ${numbers[0]}` : `parts ${numbers.slice(0, MAX_NAMED).join(', ')}`;
  const more = numbers.length > MAX_NAMED ? ` and ${numbers.length - MAX_NAMED} more` : '';
  return `The mail server did not give ${named}${more} of this message, so what it says is missing here. Try again later.`;
}

const MAX_NAMED = 10;
