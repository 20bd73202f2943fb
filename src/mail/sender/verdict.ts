/**
 * Reads what the account's own mail server says about the sender of a message: the results of DMARC, SPF and DKIM.
 *
 * Invariant: a pass is believed only of a server that is known to write its results into every message, and only where no sender can write: on top.
 */
import { comparableId, type MethodResult, parseAuthenticationResults } from './authentication-results.ts';
import { areAligned, comparableDomain } from './domains.ts';
import { type HeaderField, readHeaderFields } from './header-fields.ts';
import { isTrusted, type TrustedServers, writesSeveral } from './trusted-servers.ts';

export { isAnyTrusted, type TrustedServers } from './trusted-servers.ts';

/** The header fields to fetch for readVerdict(). Without `RECEIVED` nothing is assumed. */
export const VERDICT_FIELDS = ['RECEIVED', 'AUTHENTICATION-RESULTS'] as const;

/** Of these fields; what stands beyond it was written before the message reached the account's server. */
export const MAX_VERDICT_BYTES = 8 * 1024;

export interface Verdict {
  /** Result words (`pass`, `fail`, `none` …) of the own server; null if it does not say. */
  dmarc: string | null;
  spf: string | null;
  dkim: string | null;
  /** The authserv-id; empty if its fields have none. Null: no server is known to have written results, and all others are null or empty. */
  by: string | null;
  /** True if the server is only assumed to have written the results: it may write none, and then it does not remove forged ones. A pass proves nothing. */
  isAssumed: boolean;
  /** The domain of the From field for which DMARC passed. */
  dmarcDomain: string | null;
  /** Domains whose signature is valid. */
  dkimDomains: readonly string[];
  /** The valid signatures, as the server names them. */
  signatures: readonly PassedSignature[];
}

/** How a server names a valid signature (RFC 8601 §2.7.1, RFC 6008): by tags of its field, each of which is empty if it is not named. */
export interface PassedSignature {
  /** `d`, comparable. */
  domain: string;
  /** The domain of `i`, comparable: that of `d`, or below it. */
  identity: string;
  /** `s`, lower case. */
  selector: string;
  /** The first letters of `b`. */
  start: string;
}

const NO_VERDICT: Verdict = {
  ...{ dmarc: null, spf: null, dkim: null, by: null, isAssumed: false, dmarcDomain: null, dkimDomains: [] },
  signatures: [],
};

/**
 * Never throws: what makes no sense is no result.
 *
 * @param header fields of a message in their order, of which others than VERDICT_FIELDS are ignored, at most MAX_VERDICT_BYTES
 */
export function readVerdict(header: Buffer, trust: TrustedServers): Verdict {
  const fields = readHeaderFields(header.subarray(0, MAX_VERDICT_BYTES).toString('utf8'));
  // The end of a domain in the last field may be missing.
  if (header.length >= MAX_VERDICT_BYTES) fields.pop();
  const entries = fields.flatMap(toEntry);
  const known = entries.findIndex((entry) => entry !== RECEIVED && isTrusted(entry.authservId, trust));
  if (known >= 0) return verdictOf(entries.slice(known), false);
  const host = receivingHost(fields);
  const assumed = entries.findIndex((entry) => entry !== RECEIVED && host !== '' && entry.authservId === host);
  return assumed < 0 ? NO_VERDICT : verdictOf(entries.slice(assumed), true);
}

/** True if the sender has failed DMARC. Also of an assumed verdict: a sender gains nothing by forging a failure. */
export const isForged = ({ dmarc }: Verdict): boolean => dmarc === 'fail';

/** True if the message was proven to come from the domain of an address. @param address of its From field, the only one there */
export function provesDomain(verdict: Verdict, address: string): boolean {
  const domain = address.includes('@') ? comparableDomain(address) : '';
  if (domain === '' || verdict.isAssumed || isForged(verdict)) return false;
  return verdict.dmarcDomain === domain || verdict.dkimDomains.some((signer) => areAligned(signer, domain));
}

type Results = ReturnType<typeof parseAuthenticationResults>;

const RECEIVED = 'received';

function toEntry({ name, body }: HeaderField): (Results | typeof RECEIVED)[] {
  if (name === 'received') return [RECEIVED];
  return name === 'authentication-results' ? [parseAuthenticationResults(body)] : [];
}

/** The host that has received the message (RFC 5321 §4.4): `by` of the topmost Received field. Empty if it has none. */
function receivingHost(fields: readonly HeaderField[]): string {
  const received = fields.find(({ name }) => name === 'received')?.body ?? '';
  return comparableId(/(?:^|\s)by\s+([^\s;()]+)/i.exec(received.replace(/\([^()]*\)/g, ' '))?.[1] ?? '');
}

/** @param entries from the topmost field of the server on */
function verdictOf(entries: readonly (Results | typeof RECEIVED)[], isAssumed: boolean): Verdict {
  const [top, ...lower] = ownFields(entries);
  if (top === undefined) return NO_VERDICT;
  const merged = lower.reduce((upper, field) => merge(upper, field, writesSeveral(top.authservId)), top.results);
  const of = (method: string) => merged.filter((each) => each.method === method);
  const dmarc = worst(of('dmarc'));
  const spf = of('spf').find(({ properties }) => properties.has('smtp.mailfrom')) ?? of('spf')[0];
  const signatures = of('dkim').filter(({ result }) => result === 'pass');
  return {
    dmarc: dmarc?.result ?? null,
    spf: spf?.result ?? null,
    dkim: (signatures[0] ?? of('dkim')[0])?.result ?? null,
    by: top.authservId,
    isAssumed,
    dmarcDomain: dmarc?.result === 'pass' ? comparableDomain(dmarc.properties.get('header.from') ?? '') : null,
    dkimDomains: signatures.map(signerOf).filter((domain) => domain !== ''),
    signatures: signatures.map(toSignature),
  };
}

/** A server has one result of DMARC. If there are two, a sender's words became one of them. */
function worst(results: readonly MethodResult[]): MethodResult | undefined {
  const failed = results.find(({ result }) => result === 'fail');
  return failed ?? results.find(({ result }) => result !== 'pass') ?? results[0];
}

/** The fields of one server up to the first of another, or up to what the message had when it arrived. */
function ownFields(entries: readonly (Results | typeof RECEIVED)[]): Results[] {
  const [top] = entries;
  const isOther = (entry: (typeof entries)[number]) => entry === RECEIVED || !isOfOneServer(entry, top);
  const end = entries.findIndex(isOther);
  return entries.slice(0, end < 0 ? entries.length : end).filter((entry) => entry !== RECEIVED);
}

/** Some providers have an id for each method: `dmarc.icloud.com`. */
function isOfOneServer(entry: Results, top: Results | typeof RECEIVED | undefined): boolean {
  if (top === RECEIVED || top === undefined) return false;
  const both = [entry.authservId, top.authservId];
  return both[0] === both[1] || (both.every(writesSeveral) && areAligned(entry.authservId, top.authservId));
}

/**
 * Adds the results of a lower field for methods that the upper ones do not have. A sender may have written it: unless the server writes a field for each
 * method, its passes are left out.
 */
function merge(upper: readonly MethodResult[], { results }: Results, isPassBelieved: boolean): MethodResult[] {
  const methods = new Set(upper.map(({ method }) => method));
  const further = results.filter(({ method, result }) => !methods.has(method) && (isPassBelieved || result !== 'pass'));
  return [...upper, ...further];
}

/** `header.d`, or the domain of `header.i`, which is at or below it (RFC 6376 §3.5). */
function signerOf({ properties }: MethodResult): string {
  return comparableDomain(properties.get('header.d') ?? properties.get('header.i') ?? '');
}

const toSignature = ({ properties }: MethodResult): PassedSignature => ({
  domain: comparableDomain(properties.get('header.d') ?? ''),
  identity: comparableDomain(properties.get('header.i') ?? ''),
  selector: (properties.get('header.s') ?? '').toLowerCase(),
  start: properties.get('header.b') ?? '',
});
