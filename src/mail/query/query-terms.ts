/** Reads the value of a key into a term. */
import { parseAge, parseTime, type TimeContext } from '../../text/time-span.ts';
import type { CriteriaError } from '../search/criteria-error.ts';
import { CONTENTS, STATES, TEXT_TERMS, type Term } from './query.ts';

export interface KeyValue {
  key: string;
  value: string;
  /** False for a phrase: `from:"me"` is the text. */
  isBare: boolean;
  at: number;
}

const TIME_KEYS = ['after', 'before', 'on', 'newer_than', 'older_than'];
const OTHER_KEYS = ['in', 'label', 'is', 'has', 'larger', 'smaller'];
const KEYS: ReadonlySet<string> = new Set([...TEXT_TERMS, ...TIME_KEYS, ...OTHER_KEYS]);

/** Keys of other programs, and what to write. */
const HINTS: Readonly<Record<string, string>> = {
  since: 'use after: with a day, such as after:2026-03-01.',
  until: 'use before: with a day, such as before:2026-03-01.',
  newer: 'use after: with a day, or newer_than:7d.',
  older: 'use before: with a day, or older_than:7d.',
  date: 'use on:, after: or before: with a day, such as on:2026-03-01.',
  sender: 'use from:.',
  recipient: 'use to:.',
  size: 'use larger: or smaller:, such as larger:5M.',
  folder: 'use in:, or the parameter folder.',
  mailbox: 'use in:, or the parameter folder.',
  tag: 'use label:.',
  keyword: 'use label:.',
  attachment: 'use filename: with a part of the name, or has:attachment.',
  text: 'write the words without a key: they are searched for everywhere in a message.',
  list: 'use is:newsletter, or from: with the address of the list.',
};

export const isKeyName = (name: string): boolean => KEYS.has(name) || Object.hasOwn(HINTS, name);

/** @throws {ToolError} that names the key or the value */
export function toTerm({ key, value, isBare, at }: KeyValue, errorAt: CriteriaError, context: TimeContext): Term {
  if (Object.hasOwn(HINTS, key)) throw errorAt(at, `${key}:`, `unknown key; ${HINTS[key]}`);
  const textKey = TEXT_TERMS.find((name) => name === key);
  if (textKey !== undefined) {
    const isMe = isBare && value.toLowerCase() === 'me';
    if (isMe && (textKey === 'from' || textKey === 'to' || textKey === 'cc' || textKey === 'bcc'))
      return { key: textKey, isMe };
    return { key: textKey, text: value };
  }
  switch (key) {
    case 'in':
      return { key, folder: value };
    case 'label':
      return { key, name: value };
    case 'larger':
    case 'smaller':
      return { key, sizeBytes: sizeOf(value) ?? fail('expected a size such as 5M, 300K or a number of bytes.') };
    case 'is':
      return { key, state: SYNONYMS[value.toLowerCase()] ?? oneOf(STATES, value) };
    case 'has':
      return { key, content: SYNONYMS_OF_CONTENT[value.toLowerCase()] ?? oneOf(CONTENTS, value) };
    default:
      return timeTerm(key, value);
  }

  function fail(expected: string): never {
    throw errorAt(at, `${key}:${value}`, expected);
  }

  function oneOf<T extends string>(names: readonly T[], name: string): T {
    const found = names.find((each) => each === name.toLowerCase());
    return found ?? fail(`expected one of ${names.map((each) => `${key}:${each}`).join(', ')}.`);
  }

  function timeTerm(name: string, text: string): Term {
    if (name === 'newer_than' || name === 'older_than') {
      const instant = parseAge(text, context) ?? fail('expected an age such as 12h, 3d, 2w, 1m or 1y.');
      return name === 'newer_than'
        ? { key: 'time', start: instant, end: null }
        : { key: 'time', start: null, end: instant };
    }
    const span =
      parseTime(text, context) ?? fail('expected a day such as 2026-03-01, or a time such as 2026-03-01T20:00.');
    if (name === 'on') return { key: 'time', ...span };
    return name === 'after'
      ? { key: 'time', start: span.start, end: null }
      : { key: 'time', start: null, end: span.start };
  }
}

const SYNONYMS: Readonly<Record<string, (typeof STATES)[number]>> = {
  unseen: 'unread',
  seen: 'read',
  starred: 'flagged',
  important: 'flagged',
  replied: 'answered',
};
const SYNONYMS_OF_CONTENT: Readonly<Record<string, (typeof CONTENTS)[number]>> = {
  attachments: 'attachment',
  file: 'attachment',
  files: 'attachment',
  invitation: 'invite',
  calendar: 'invite',
};

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
};
/** Largest number of IMAP4rev1 (RFC 3501 §9). */
const MAX_SIZE = 4_294_967_295;

function sizeOf(value: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,10}(?:\.\d{1,3})?)\s?([kmg]?b?)$/i.exec(value) ?? [];
  const bytes = Math.round(Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN));
  return bytes <= MAX_SIZE ? bytes : undefined;
}
