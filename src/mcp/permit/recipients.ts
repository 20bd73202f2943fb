/** Limits the recipients of messages to those that the operator and the account owner have listed. */
import { ToolError } from '../../errors.ts';
import {
  type AddressParameter,
  envelopeAddresses,
  normaliseAddress,
  parseAddressList,
} from '../../mail/mime/addresses.ts';
import { areAligned } from '../../mail/sender/domains.ts';
import type { Permit } from '../../policy.ts';

/** Matches local parts that some servers read as an address at another domain: `ann%elsewhere.example@here.example`, encoded words. */
const MAY_BE_REROUTED = /[%!@:"\\]|=\?/;

/** ASCII letters only: otherwise the Kelvin sign would become a `k`, which is another mailbox. */
const toLowerCaseAscii = (address: string): string => address.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Normalises one entry of a list of recipients for the sealed policy: an address, or `@` with a domain for all its addresses.
 *
 * @returns undefined if it is neither
 */
export function recipientEntry(text: string): string | undefined {
  // A character that normalisation turns into ASCII would seal another address than the one that is written.
  if ([...text].some((one) => one > '\u007f' && /[\0-\u007f]/.test(one.normalize('NFKC')))) return undefined;
  if (!text.startsWith('@')) return optional(normaliseAddress(text));
  return optional(normaliseAddress(`any${text}`)?.slice('any'.length));
}

/** @param address with its domain in lower-case ASCII, as normaliseAddress() gives it */
export function includesRecipient(entries: readonly string[], address: string): boolean {
  const compared = toLowerCaseAscii(address);
  if (entries.includes(compared)) return true;
  const at = compared.lastIndexOf('@');
  // Full-width characters are checked too: a server that normalises them turns them into these characters.
  const local = compared.slice(0, at).normalize('NFKC');
  return !MAY_BE_REROUTED.test(local) && entries.includes(compared.slice(at));
}

/** The addresses that a list of the permit does not include. `whose` says whether it is the list of the operator or of the account owner. */
function notListed({ policy, consent }: Permit, addresses: readonly string[]) {
  const notIn = (entries: readonly string[] | undefined) =>
    entries === undefined ? [] : addresses.filter((address) => !includesRecipient(entries, address));
  const byOperator = notIn(policy.recipients);
  return byOperator.length > 0
    ? { whose: 'operator' as const, refused: byOperator }
    : { whose: 'owner' as const, refused: notIn(consent.recipients) };
}

/**
 * Checks the arguments of a call, before anything is sent or saved.
 *
 * @throws {ToolError} that says how many addresses of which parameter are not allowed
 */
export function requireRecipients(
  permit: Permit,
  fields: { [Parameter in AddressParameter]?: string | undefined },
): void {
  const parameters = (['to', 'cc', 'bcc'] as const).map((name) => ({
    name,
    addresses: envelopeAddresses(parseAddressList(fields[name] ?? '', name)),
  }));
  const { whose } = notListed(
    permit,
    parameters.flatMap(({ addresses }) => addresses),
  );
  const counts = parameters.flatMap(({ name, addresses }) => {
    const found = notListed(permit, addresses);
    return found.whose === whose && found.refused.length > 0 ? [`${found.refused.length} in ${name}`] : [];
  });
  if (counts.length > 0) throw notAllowed(whose, counts.join(', '));
}

/** Checks the addresses that are passed to the mail server, independently of the arguments of the call. @throws {ToolError} */
export function requireEnvelope(permit: Permit, addresses: readonly string[]): void {
  const { whose, refused } = notListed(permit, addresses);
  if (refused.length > 0) throw notAllowed(whose, `${refused.length} in all`);
}

/**
 * Checks the host that a request of a message goes to. A list with `@example.com` includes that host and those below it; an address includes none.
 *
 * @param host in lower-case ASCII
 * @throws {ToolError}
 */
export function requireHost({ policy, consent }: Permit, host: string): void {
  const isListed = (entries: readonly string[] | undefined) =>
    entries === undefined || entries.some((entry) => entry.startsWith('@') && isAtOrBelow(host, entry.slice(1)));
  const whose = isListed(policy.recipients) ? 'owner' : 'operator';
  if (whose === 'operator' || !isListed(consent.recipients)) {
    throw new ToolError(`Nothing was sent: its host is not allowed on this connection, as ${WHO[whose]}.`);
  }
}

/** Nothing is below a public suffix, such as `com`. */
const isAtOrBelow = (host: string, domain: string): boolean =>
  host === domain || (host.endsWith(`.${domain}`) && areAligned(host, domain));

// phrase allowed: texts that the caller sees
const BY_OPERATOR = 'the operator of this server has limited it to certain recipients, which nobody else can change';
const BY_OWNER =
  'the owner of the mailbox has limited it to certain recipients, and can change that by signing in again';

const WHO = { operator: BY_OPERATOR, owner: BY_OWNER } as const;

function notAllowed(whose: 'operator' | 'owner', counts: string): ToolError {
  const who = WHO[whose];
  return new ToolError(
    `Nothing was sent: some recipients are not allowed on this connection (${counts}), as ${who}. Leave them out, or save a draft that the user sends.`,
  );
}

const optional = (address: string | undefined) => (address === undefined ? undefined : toLowerCaseAscii(address));
