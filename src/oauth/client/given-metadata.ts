/** Reads the metadata that a client gives of itself (RFC 7591 §2), registered or in a document: null and empty values count as absent. */
import { z } from 'zod';

/** @returns an object without its null and empty values, also those in lists; anything else as it is */
export function withoutEmptyValues(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const fields = Object.entries(body).map(([name, value]): [string, unknown] => [
    name,
    Array.isArray(value) ? value.filter(isGiven) : value,
  ]);
  return Object.fromEntries(fields.filter(([, value]) => isGiven(value)));
}

function isGiven(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

/** The strings of a list, each once; a string alone is a list of one. */
export const Strings = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.unknown()))
  .transform((values) => [...new Set(values.filter((value) => typeof value === 'string'))]);
