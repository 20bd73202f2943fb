/** Finds out which domains have signed certain header fields of a message (RFC 6376), by the verdict of the account's own server. */
import { comparableDomain } from '../sender/domains.ts';
import type { HeaderField } from '../sender/header-fields.ts';
import type { PassedSignature, Verdict } from '../sender/verdict.ts';

/** What counts of a DKIM-Signature field. */
interface Signature {
  /** `d`, comparable. */
  domain: string;
  /** `s`, lower case. */
  selector: string;
  /** `b`. */
  value: string;
  /** True if `h` has all the names. */
  doesCover: boolean;
}

/**
 * The server says which signatures are valid, and the message says what each of them covers. A forged field beside a valid one may have its domain,
 * its selector and its first letters: of the fields that a result may mean, each has to cover the names, and to have the same domain. A field that
 * cannot be read here may be the valid one for the server, and then nothing is proven.
 *
 * @param header all DKIM-Signature fields of the message, among others
 * @param names lower case
 * @returns comparable domains
 */
export function signersOf(header: readonly HeaderField[], names: readonly string[], verdict: Verdict): string[] {
  if (verdict.by === null || verdict.isAssumed) return [];
  const fields = header.filter(({ name }) => name === 'dkim-signature');
  const written = fields.flatMap(({ body }) => readSignature(body, names) ?? []);
  if (written.length < fields.length) return [];
  return verdict.signatures.flatMap((passed) => {
    const meant = written.filter((each) => mayBe(each, passed));
    const [domain, ...others] = new Set(meant.map((each) => each.domain));
    const doAllCover = meant.every(({ doesCover }) => doesCover);
    return domain !== undefined && domain !== '' && others.length === 0 && doAllCover ? [domain] : [];
  });
}

/** Compares what the server has named of a signature. */
function mayBe(written: Signature, { domain, identity, selector, start }: PassedSignature): boolean {
  if (domain === '' && identity === '' && selector === '' && start === '') return false;
  return (
    (domain === '' || written.domain === domain) &&
    (identity === '' || `.${identity}`.endsWith(`.${written.domain}`)) &&
    (selector === '' || written.selector === selector) &&
    written.value.startsWith(start)
  );
}

/** @returns undefined if it is no tag list (RFC 6376 §3.2), or has a tag twice */
function readSignature(body: string, names: readonly string[]): Signature | undefined {
  const tags = new Map<string, string>();
  for (const spec of body.split(';')) {
    if (spec.trim() === '') continue;
    const [, name, value] = /^\s*([a-z]\w*)\s*=([\s\S]*)$/i.exec(spec) ?? [];
    if (name === undefined || value === undefined || tags.has(name)) return undefined;
    tags.set(name, value.replace(/\s+/g, ''));
  }
  const fields = new Set((tags.get('h') ?? '').toLowerCase().split(':'));
  return {
    domain: comparableDomain(tags.get('d') ?? ''),
    selector: (tags.get('s') ?? '').toLowerCase(),
    value: tags.get('b') ?? '',
    doesCover: names.every((name) => fields.has(name)),
  };
}
