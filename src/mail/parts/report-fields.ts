/** Reads the groups of fields in the machine-readable part of a report (RFC 3464 §2.1, RFC 8098 §3.1, RFC 5965 §3.1). */
import { decodeHeader } from '../mime/charset.ts';

/** Fields by lower-case name, each in one line; of several fields of one name the first. */
export type FieldGroup = ReadonlyMap<string, string>;

const MAX_FIELD_CHARS = 2_000;
const MAX_GROUPS = 1_000;

/**
 * @param text with LF line ends
 * @param startsGroup lower-case names of fields that begin a group even without the empty line before it, if the group has one already
 * @returns groups without fields are left out
 */
export function readFieldGroups(text: string, startsGroup: ReadonlySet<string> = new Set()): FieldGroup[] {
  const groups: Map<string, string>[] = [];
  let group = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (groups.length >= MAX_GROUPS) break;
    const [, name, value = ''] = /^([!-9;-~]{1,80})[ \t]*:(.*)$/.exec(line) ?? [];
    const key = name?.toLowerCase();
    if (line.trim() === '' || (key !== undefined && startsGroup.has(key) && group.has(key))) {
      if (group.size > 0) groups.push(group);
      group = new Map();
      last = undefined;
    }
    if (/^[ \t]/.test(line)) {
      const known = last === undefined ? undefined : group.get(last);
      if (last !== undefined && known !== undefined && known.length < MAX_FIELD_CHARS)
        group.set(last, `${known} ${line.trim()}`);
    } else if (key !== undefined) {
      last = group.has(key) ? undefined : key;
      if (last !== undefined) group.set(last, value.trim().slice(0, MAX_FIELD_CHARS));
    }
  }
  if (group.size > 0) groups.push(group);
  return groups;
}

/** The value behind the type: `rfc822; ann@example.test` (RFC 3464 §2.1.2). */
export function withoutType(value: string | undefined): string {
  const end = value?.indexOf(';') ?? -1;
  const typed = (end < 0 ? value : value?.slice(end + 1)) ?? '';
  return decodeHeader(Buffer.from(typed));
}

/** An address behind its type, without angle brackets and without the escapes of `utf-8;` addresses (RFC 6533 §3). */
export function addressOf(value: string | undefined): string {
  return withoutType(value)
    .replace(/^<(.*)>$/, '$1')
    .replace(/\\x\{([0-9a-f]{1,6})\}/gi, (written, digits: string) => {
      const code = Number.parseInt(digits, 16);
      return code < 0x20 || code > 0x10ffff ? written : String.fromCodePoint(code);
    })
    .slice(0, MAX_ADDRESS_CHARS);
}

const MAX_ADDRESS_CHARS = 320;
