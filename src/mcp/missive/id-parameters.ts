/** Declares parameters that take ids: of one thing or several, required or not. */
import type { z } from 'zod';
import { Id } from './fields.ts';
import type { Parameter } from './operation.ts';
import { kindOf, type Thing } from './thing.ts';

type Place = 'query' | 'body';

/** Things with names are found by them, others by a tool. */
function about(thing: Thing, what = ''): string {
  const { list, foundBy } = kindOf(thing);
  const how = list === undefined ? `Id; ${foundBy}.` : 'Id or name.';
  return what === '' ? how : `${what} ${how}`;
}

/** The thing that the operation is about. */
export const pathId = (thing: Thing, what?: string) => ({
  in: 'path' as const,
  schema: Id.describe(about(thing, what)),
  thing,
});

/** One or several. */
export const pathIds = (thing: Thing, what?: string) => ({
  in: 'path' as const,
  schema: Id.array().describe(about(thing, what)),
  thing,
});

export const requiredId = (place: Place, thing: Thing, what?: string) => ({
  in: place,
  schema: Id.describe(about(thing, what)),
  thing,
});

/** @param meaning of an empty value */
export function optionalId(
  place: Place,
  thing: Thing,
  what?: string,
  meaning: <Of extends z.ZodType>(schema: Of) => Of = same,
) {
  return { in: place, schema: meaning(Id).optional().describe(about(thing, what)), thing };
}

export function optionalIds(
  place: Place,
  thing: Thing,
  what?: string,
  meaning: <Of extends z.ZodType>(schema: Of) => Of = same,
) {
  return { in: place, schema: meaning(Id.array()).optional().describe(about(thing, what)), thing };
}

const same = <Of extends z.ZodType>(schema: Of): Of => schema;

/** The only one there is if it is left out, where the arguments need one. */
export function onlyOne<Of extends Parameter>(
  parameter: Of,
  isNeeded: NonNullable<Parameter['orOnly']> = () => true,
): Of {
  return { ...parameter, orOnly: isNeeded };
}
