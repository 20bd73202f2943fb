/** Leaves out fields of results that say nothing. */

/** @returns the fields that are not null, false, an empty text or an empty list */
export function withoutEmpty<Fields extends Record<string, unknown>>(fields: Fields): Partial<Fields> {
  const present: Partial<Fields> = { ...fields };
  for (const name in fields) {
    if (isEmpty(fields[name])) delete present[name];
  }
  return present;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}
