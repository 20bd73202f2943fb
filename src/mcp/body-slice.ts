/** Cuts a long body into slices: a result holds one, with the offset of the next. */
import { z } from 'zod';

const MaxChars = z.number().int().min(1).max(200_000);

/** Parameters of every tool that returns a body. */
export const bodyParameters = {
  max_chars: MaxChars.default(20_000).describe('Most characters to return, up to 200,000.'),
  body_offset: z.number().int().min(0).default(0).describe('Characters to skip: next_offset of a cut.'),
};

/** The same for mail, whose newsletters are long and say little. */
export const mailBodyParameters = {
  ...bodyParameters,
  max_chars: MaxChars.default(6_000).describe('Most characters to return, up to 200,000.'),
};

/** @returns the slice; `next` is null at the end of the body */
export function bodySlice(
  whole: string,
  limits: { max_chars: number; body_offset: number },
): { body: string; next: { total_chars: number; next_offset: number } | null } {
  const start = limits.body_offset;
  const end = characterBoundary(whole, start + limits.max_chars);
  const next = end < whole.length ? { total_chars: whole.length, next_offset: end } : null;
  return { body: whole.slice(start, end), next };
}

/** The first position from `position` on that is not inside a surrogate pair, so that a slice never ends in half a character. */
function characterBoundary(text: string, position: number): number {
  const code = text.charCodeAt(position);
  return code >= 0xdc00 && code <= 0xdfff ? position + 1 : position;
}
