/** Pieces of parameters and results that several records share. */
import { z } from 'zod';

/** Every id of Missive is a UUID (RFC 9562 §4). */
export const Id = z.guid('must be an id of Missive: a UUID such as 0a900000-0000-4000-8000-000000000001');

/** `foundBy` names the tool that finds the id. */
export const idOf = (what: string, foundBy: string) => Id.describe(`Id of the ${what}; ${foundBy} finds it.`);

/** Unix time, seconds. */
export const Seconds = z.int().min(0);

/** A name that may be missing, null or empty. */
export const Text = z.string().nullish();

/** A person or address in a message; channels other than email fill other fields. */
export const Correspondent = z.object({
  name: Text,
  address: Text,
  phone_number: Text,
  id: Text,
  username: Text,
});

/** How Missive cuts most directories into pages. */
export const byOffset = { style: 'offset', standard: 50, most: 200 } as const;
