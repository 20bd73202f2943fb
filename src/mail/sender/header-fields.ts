/** Separates the fields of a header (RFC 5322 §2.2), in their order: the last server that handled the message wrote the first ones. */

export interface HeaderField {
  /** Lower case. */
  name: string;
  /** Unfolded. */
  body: string;
}

/** Further fields are not read. Each server on the way adds a few. */
export const MAX_FIELDS = 200;

/** @returns fields in their order; lines that belong to no field are left out */
export function readHeaderFields(header: string): HeaderField[] {
  const fields: HeaderField[] = [];
  for (const line of header.split(/\r?\n/)) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) last.body += line;
      continue;
    }
    if (line === '' || fields.length === MAX_FIELDS) break;
    const colon = line.indexOf(':');
    if (colon > 0) fields.push({ name: line.slice(0, colon).trim().toLowerCase(), body: line.slice(colon + 1) });
  }
  return fields;
}
