/** A long body in pieces: each answer carries one, and says where the next begins. */
import { z } from 'zod';

/** Parameters of every tool that returns a body. */
export const bodyParameters = {
  max_chars: z.number().int().min(1).max(200_000).default(20_000).describe('Most characters of a body to return.'),
  body_offset: z.number().int().min(0).default(0).describe('Characters of the body to skip: `next_offset` of a cut.'),
};

/** @returns the piece, and what comes after it; `next` is null when that was all */
export function bodySlice(
  whole: string,
  limits: { max_chars: number; body_offset: number },
): { body: string; next: { total_chars: number; next_offset: number } | null } {
  const start = limits.body_offset;
  const end = characterBoundary(whole, start + limits.max_chars);
  const next = end < whole.length ? { total_chars: whole.length, next_offset: end } : null;
  return { body: whole.slice(start, end), next };
}

/** The first position from `position` on that does not part a surrogate pair, so that no half of an emoji is returned. */
function characterBoundary(text: string, position: number): number {
  const code = text.charCodeAt(position);
  return code >= 0xdc00 && code <= 0xdfff ? position + 1 : position;
}
