/**
 * Judges whether a domain resembles one that an account knows: by letters that look alike, a typing error, another ending, or the known name within
 * another one. A resemblance proves nothing, and a domain of the same organization has none.
 */
import { domainToUnicode } from 'node:url';
import { countTypos } from '../../text/did-you-mean.ts';
import { comparableDomain, type DomainParts, domainParts } from './domains.ts';
import { isMailProvider } from './mail-providers.ts';
import { visualForm, withoutMarks } from './visual-form.ts';

interface LookAlike {
  /** The organizational domain that is known. */
  domain: string;
  /** `whole`: the known domain stands within the other one. `part`: its name is a label of the other domain, or a word of a label. */
  how: 'whole' | 'letters' | 'part' | 'ending' | 'typo';
}

/** @returns undefined if the domain is known itself, or resembles none */
export type FindLookAlike = (domain: string) => LookAlike | undefined;

/** Shorter names resemble too many others. */
const MIN_CHARS = { letters: 3, ending: 3, word: 4, typo: 5, typoElsewhere: 7, affix: 6, twoTypos: 10 };

/** Belong to no organization, under any ending (RFC 2606). */
const RESERVED = /^(?:example|invalid|localhost|test)$/;

/** Names of hosts and services, which are a label of many domains. */
const GENERIC =
  /^(?:accounts?|admin|api|apps?|auth|blog|bounces?|cdn|click|cloud|connect|email|files?|go|group|help|home|images?|img|info|links?|login|mailers?|mail|marketing|media|mobile|my|news|newsletters?|notify|office|online|portal|post|reply|secure|send|server|services?|shop|smtp|static|stores?|support|team|tracking|update|web|webmail|www)$/;

/** Words that are put beside a name to seem part of it. */
const BAIT = [
  ...[
    'account',
    'accounts',
    'alert',
    'alerts',
    'auth',
    'bank',
    'banking',
    'billing',
    'center',
    'check',
    'com',
    'confirm',
  ],
  ...['confirmation', 'customer', 'customers', 'delivery', 'help', 'helpdesk', 'inc', 'info', 'invoice', 'invoices'],
  ...['konto', 'kunden', 'kundenservice', 'login', 'logon', 'my', 'official', 'online', 'pay', 'payment', 'payments'],
  ...['portal', 'rechnung', 'refund', 'safe', 'safety', 'secure', 'secured', 'security', 'service', 'services'],
  ...['shop', 'sicher', 'sicherheit', 'signin', 'support', 'team', 'track', 'tracking', 'update', 'user', 'verify'],
  ...['verification', 'www'],
];
const BAIT_FORMS: ReadonlySet<string> = new Set(BAIT.map(visualForm));

/** True for words that are part of many domains. @param word lower case */
export const isOrdinaryWord = (word: string): boolean => GENERIC.test(word) || BAIT.includes(word);

/** @param known domains or addresses, of which the first ones take precedence */
export function createLookAlikeFinder(known: Iterable<string>): FindLookAlike {
  const profiles = new Map<string, Profile>();
  for (const each of known) {
    const profile = profileOf(each);
    if (profile !== undefined && !profiles.has(profile.organization)) profiles.set(profile.organization, profile);
  }
  return (domain) => {
    const profile = profileOf(domain);
    if (profile === undefined || RESERVED.test(profile.name) || profiles.has(profile.organization)) return undefined;
    const words = new Set(profile.labels.flatMap(wordsOf).map(visualForm));
    const found = [...profiles.values()].flatMap((other) => resemblance(profile, words, other) ?? []);
    return KINDS.flatMap((how) => found.find((each) => each.how === how) ?? [])[0];
  };
}

/** The surest first. */
const KINDS = ['whole', 'letters', 'part', 'ending', 'typo'] as const;

interface Profile extends DomainParts {
  /** The whole domain, in ASCII. */
  host: string;
  /** The name in Unicode, without accents and hyphens. */
  plain: string;
  visual: string;
}

function profileOf(text: string): Profile | undefined {
  const host = comparableDomain(text);
  const parts = domainParts(host);
  if (parts === undefined) return undefined;
  const unicode = domainToUnicode(parts.name) || parts.name;
  return { ...parts, host, plain: withoutMarks(withoutHyphens(unicode)), visual: visualForm(withoutHyphens(unicode)) };
}

const withoutHyphens = (label: string): string => label.replaceAll('-', '');

/** @param words of the labels of `other` @param known one that the account knows */
function resemblance(other: Profile, words: ReadonlySet<string>, known: Profile): LookAlike | undefined {
  const found = (how: LookAlike['how']) => ({ domain: known.organization, how });
  const areProviders = isMailProvider(other.organization) && isMailProvider(known.organization);
  const length = known.plain.length;
  if (`.${other.host}`.includes(`.${known.organization}.`)) return found('whole');
  if (other.name === known.name) {
    return length < MIN_CHARS.ending || areProviders ? undefined : found('ending');
  }
  if (length >= MIN_CHARS.letters && other.visual === known.visual) return found('letters');
  if (hasAsPart(other, words, known)) return found('part');
  return isTypo(other, known) && !areProviders ? found('typo') : undefined;
}

/** True for `known.other.example`, `known-login.example`, `knownlogin.example` and `known24.example`. */
function hasAsPart({ plain, visual }: Profile, words: ReadonlySet<string>, known: Profile): boolean {
  const { length } = known.plain;
  if (length < MIN_CHARS.word || GENERIC.test(known.plain) || RESERVED.test(known.plain)) return false;
  if (words.has(known.visual)) return true;
  if (length < MIN_CHARS.affix) return false;
  const isNumbered = plain.startsWith(known.plain) && /^\d{1,4}$/.test(plain.slice(length));
  const before = visual.endsWith(known.visual) ? visual.slice(0, -known.visual.length) : '';
  const behind = visual.startsWith(known.visual) ? visual.slice(known.visual.length) : '';
  return isNumbered || BAIT_FORMS.has(before) || BAIT_FORMS.has(behind);
}

/** Words of a label that are looked at; a longer one is compared as a whole. */
const MAX_WORDS = 10;

/** The words between the hyphens of a label, and each sequence of them. */
function wordsOf(label: string): string[] {
  const words = (domainToUnicode(label) || label).split('-').filter((word) => word !== '');
  if (words.length > MAX_WORDS) return [words.join('')];
  return words.flatMap((_, start) => words.slice(start).map((__, end) => words.slice(start, start + end + 1).join('')));
}

/** True for one wrong, missing, further or exchanged letter; for two in a long name. */
function isTypo({ plain, suffix }: Profile, known: Profile): boolean {
  const shorter = Math.min(plain.length, known.plain.length);
  const isElsewhere = suffix !== known.suffix;
  if (shorter < (isElsewhere ? MIN_CHARS.typoElsewhere : MIN_CHARS.typo)) return false;
  const most = shorter >= MIN_CHARS.twoTypos && !isElsewhere ? 2 : 1;
  if (Math.abs(plain.length - known.plain.length) > most || differInNumber(plain, known.plain)) return false;
  return countTypos(plain, known.plain) <= most;
}

/** `shop24` and `shop25` are two names. */
function differInNumber(one: string, other: string): boolean {
  const withoutNumbers = (text: string) => text.replace(/\d+/g, '#');
  return one !== other && /\d/.test(one) && withoutNumbers(one) === withoutNumbers(other);
}
