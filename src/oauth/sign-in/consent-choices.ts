/** Reads the choices that the account owner makes on the sign-in page, validates them, and turns them into the consent of a grant. */
import { domainToASCII } from 'node:url';
import { type Consent, ENDS, type End, hasPower, POWERS, type Power } from '../../policy.ts';
import { type Client, isVerified } from '../client/client.ts';
import type { FormProblem } from '../forms/form.ts';
import type { Parameters } from '../http/parameters.ts';
import { plainText } from '../http/plain-text.ts';
import { powersOf, type Scope } from '../scope.ts';
import type { Keyring } from '../sealed/jwe.ts';

/** Counted from when the page was shown; null: until revoked, within the lifetime of a grant. */
const END_SECONDS: Readonly<Record<End, number | null>> = {
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
  revoked: null,
};

/** The choices as the page shows or submits them. */
export interface Choices {
  /** The powers on the page that are ticked. */
  powers: readonly Power[];
  /** As typed: addresses and domains, separated by commas or line breaks. */
  recipients: string;
  end: End;
}

/**
 * Limits of the list of recipients, in bytes of JSON. No list may exceed `most`. Above `least`, it must also leave the code at MAX_CODE_LENGTH or less.
 * A list up to `least` is allowed even with credentials so long that the code has more.
 */
const MAX_RECIPIENTS_BYTES = { least: 140, most: 300 };

/** In characters (CODE-05). */
const MAX_CODE_LENGTH = 1500;

/** The choices of a page that was not submitted yet: nothing is limited. */
const unlimitedChoices = (offered: readonly Power[]): Choices => ({
  powers: offered,
  recipients: '',
  end: 'revoked',
});

/**
 * @param requested by the client
 * @param allowed by the operator's policy
 * @returns the powers that the account owner can grant
 */
export function offeredPowers(requested: Scope, allowed: readonly Power[]): Power[] {
  return powersOf(requested).filter((power) => allowed.includes(power));
}

/** Powers that are not ticked at first: what cannot be undone, and for an unverified client, to send. */
export const cautiousPowers = (client: Pick<Client, 'origin' | 'documentHost'>): Power[] => [
  ...(isVerified(client) ? [] : ['send' as const]),
  'delete',
];

/**
 * A browser does not send an unticked box (HTML §4.10.21.4), but always sends a list: without `end` the form was submitted by a program that
 * does not know the choices, and nothing is limited.
 */
export function readChoices(form: Parameters, offered: readonly Power[]): Choices {
  const end = form.get('end');
  if (end === undefined) return unlimitedChoices(offered);
  const ticked = offered.filter((power) => form.get(`allow_${power}`) !== undefined);
  return {
    powers: offered.filter((power) => hasPower(ticked, power)),
    recipients: offered.includes('send') ? (form.get('recipients') ?? '').trim() : '',
    // No browser sends another value; a program that does gets the shortest grant.
    end: isEnd(end) ? end : 'day',
  };
}

/**
 * @param codeLength characters of the code that these choices would give
 * @returns at most one problem for the powers and one for the recipients
 */
export function validateChoices({ powers: kept, recipients }: Choices, codeLength: number): FormProblem[] {
  const problems: FormProblem[] = [];
  if (kept.length === 0) {
    problems.push({ place: 'powers', sentence: (t) => t.problems.powersEmpty });
  }
  const invalid = splitRecipients(recipients).find((entry) => normalizeRecipient(entry) === undefined);
  if (invalid !== undefined) {
    const quoted = plainText(invalid, 40);
    problems.push({ place: 'recipients', sentence: (t) => t.problems.recipientInvalid({ quoted }) });
  } else if (isTooLong(parseRecipients(recipients), codeLength)) {
    problems.push({ place: 'recipients', sentence: (t) => t.problems.recipientsTooMany });
  }
  return problems;
}

/**
 * @param choices without problems
 * @param page.shownAt when the page was made: its ends are counted from then
 * @param page.layout of the grant
 * @returns `undefined` where the choices limit nothing
 */
export function toConsent(
  choices: Choices,
  offered: readonly Power[],
  { shownAt, layout }: { shownAt: Date; layout: Keyring['layout'] },
): Consent | undefined {
  const recipients = parseRecipients(choices.recipients);
  const until = endTime(choices.end, shownAt);
  const consent: Consent = {
    ...(choices.powers.length < offered.length && { powers: sealedPowers(choices, layout) }),
    ...(recipients.length > 0 && { recipients }),
    ...(until && { until: Math.floor(until.getTime() / 1000) }),
  };
  return Object.keys(consent).length > 0 ? consent : undefined;
}

/** Replicas of the first release, which read layout 1, refuse a token with a power that they do not know. Without the trash it allows less. */
function sealedPowers({ powers }: Choices, layout: Keyring['layout']): Power[] {
  const sealed = POWERS.filter((power) => powers.includes(power));
  return layout === 1 && sealed.length > 1 ? sealed.filter((power) => power !== 'trash') : sealed;
}

/** The end of a grant that starts now; null: until revoked. */
export function endTime(end: End, now: Date): Date | null {
  const seconds = END_SECONDS[end];
  return seconds === null ? null : new Date(now.getTime() + seconds * 1000);
}

function isEnd(text: string): text is End {
  return ENDS.some((end) => end === text);
}

function isTooLong(recipients: readonly string[], codeLength: number): boolean {
  const { least, most } = MAX_RECIPIENTS_BYTES;
  const bytes = Buffer.byteLength(JSON.stringify(recipients));
  return bytes > most || (bytes > least && codeLength > MAX_CODE_LENGTH);
}

const splitRecipients = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

/** @returns each recipient once, in the form of Policy */
export function parseRecipients(text: string): string[] {
  return [...new Set(splitRecipients(text).flatMap((entry) => normalizeRecipient(entry) ?? []))];
}

/** ASCII letters only, as in the comparison of recipients: other letters could become those of another address. */
const toLowerCaseAscii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** @returns an address, or `@` with a domain, in lower case and with the domain in ASCII; `undefined` if it is neither */
function normalizeRecipient(entry: string): string | undefined {
  const [, local = '', domain = ''] = /^([^\s@<>()[\],;:"\\\p{Cc}\p{Cf}]*)@([\p{L}\p{M}\p{N}.-]+)$/u.exec(entry) ?? [];
  const ascii = domainToASCII(domain);
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(ascii) ? `${toLowerCaseAscii(local)}@${ascii}` : undefined;
}
