/** What the owner of the mailbox leaves of what was asked for: the choices on the sign-in form, and what they become. */
import { domainToASCII } from 'node:url';
import { type Consent, POWERS, type Power } from '../../policy.ts';
import type { Parameters } from '../http/parameters.ts';
import { plainText } from '../http/plain-text.ts';
import { powersOf, type Scope, scopeOfPower } from '../scope.ts';
import type { FormProblem } from './mail-entry.ts';

/** How long a grant may last. */
export const ends = ['day', 'week', 'month', 'revoked'] as const;
export type End = (typeof ends)[number];

/** From when the page was shown; null: until revoked, within the lifetime of a grant. */
const secondsOf: Readonly<Record<End, number | null>> = {
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
  revoked: null,
};

/** What the person has chosen, as it stands on the form. */
export interface Choices {
  /** Ticked ones of those on the form. */
  powers: readonly Power[];
  /** As typed: addresses and domains, separated by commas or line breaks. */
  recipients: string;
  end: End;
}

/**
 * In bytes of JSON. A code should stay under 1,500 characters (CODE-05): that is 960 bytes beside the claims that each has. The least is for
 * logins so long that it cannot; domains are short.
 */
const recipientsBytes = { least: 140, most: 300, withCode: 960 };

/** Before anything is taken away. */
export const everything = (offered: readonly Power[]): Choices => ({ powers: offered, recipients: '', end: 'revoked' });

/**
 * @param asked what the client asks for
 * @param left what the operator's policy leaves
 * @returns the powers that the person can grant
 */
export function offeredPowers(asked: Scope, left: readonly Power[]): Power[] {
  return powersOf(asked).filter((power) => left.includes(power));
}

/** The part of a scope that some powers need; empty if none does. */
export function scopeWith(scope: Scope, kept: readonly Power[]): Scope {
  return scope.filter((one) => kept.some((power) => scopeOfPower[power] === one));
}

/**
 * An unticked box is not sent at all (HTML §4.10.21.4), a list always: without it the form was filled in by a program that does not know the
 * choices, and nothing is taken away.
 */
export function readChoices(form: Parameters, offered: readonly Power[]): Choices {
  const end = form.get('end');
  if (end === undefined) return everything(offered);
  return {
    powers: offered.filter((power) => form.get(`allow_${power}`) !== undefined),
    recipients: offered.includes('send') ? (form.get('recipients') ?? '').trim() : '',
    // No browser sends another word; whoever does gets the least.
    end: isEnd(end) ? end : 'day',
  };
}

/**
 * @param code all that goes into the code
 * @returns at most one problem for the powers and one for the recipients
 */
export function choiceProblems({ powers: kept, recipients }: Choices, code: object): FormProblem[] {
  const problems: FormProblem[] = [];
  if (kept.length === 0) {
    problems.push({ place: 'powers', sentence: 'Leave at least one thing ticked, or choose Cancel.' });
  }
  const entries = entriesOf(recipients);
  const wrong = entries.find((entry) => recipientOf(entry) === undefined);
  if (wrong !== undefined) {
    const sentence = `“${plainText(wrong, 40)}” is neither an address nor a domain such as @example.com.`;
    problems.push({ place: 'recipients', sentence });
  } else if (isTooLong(recipientsIn(recipients), code)) {
    const sentence = 'These are too many addresses. Name whole domains, such as @example.com.';
    problems.push({ place: 'recipients', sentence });
  }
  return problems;
}

/**
 * @param choices without problems
 * @param shownAt when the page was made that told when each end is
 * @returns `undefined` where nothing was taken away
 */
export function consentOf(choices: Choices, offered: readonly Power[], shownAt: Date): Consent | undefined {
  const recipients = recipientsIn(choices.recipients);
  const until = endTime(choices.end, shownAt);
  const consent: Consent = {
    ...(choices.powers.length < offered.length && { powers: POWERS.filter((power) => choices.powers.includes(power)) }),
    ...(recipients.length > 0 && { recipients }),
    ...(until && { until: Math.floor(until.getTime() / 1000) }),
  };
  return Object.keys(consent).length > 0 ? consent : undefined;
}

/** When a grant would end that is given now; null: when it is revoked. */
export function endTime(end: End, now: Date): Date | null {
  const seconds = secondsOf[end];
  return seconds === null ? null : new Date(now.getTime() + seconds * 1000);
}

function isEnd(text: string): text is End {
  return ends.some((end) => end === text);
}

function isTooLong(recipients: readonly string[], code: object): boolean {
  const { least, most, withCode } = recipientsBytes;
  const bytes = Buffer.byteLength(JSON.stringify(recipients));
  return bytes > most || (bytes > least && Buffer.byteLength(JSON.stringify(code)) > withCode);
}

const entriesOf = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

/** Each once, as Policy has them. */
function recipientsIn(text: string): string[] {
  return [...new Set(entriesOf(text).flatMap((entry) => recipientOf(entry) ?? []))];
}

/** Only ASCII, as the lists are compared: other letters can become those of another address. */
const inLowerCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** An address, or `@` with a domain, in lower case and with the domain in ASCII; `undefined` if it is neither. */
function recipientOf(entry: string): string | undefined {
  const [, local = '', domain = ''] = /^([^\s@<>()[\],;:"\\\p{Cc}\p{Cf}]*)@([\p{L}\p{M}\p{N}.-]+)$/u.exec(entry) ?? [];
  const ascii = domainToASCII(domain);
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(ascii) ? `${inLowerCase(local)}@${ascii}` : undefined;
}
