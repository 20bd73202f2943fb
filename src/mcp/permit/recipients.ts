/** Who a message may be sent to, where operator or owner have named them. */
import { ToolError } from '../../errors.ts';
import {
  type AddressParameter,
  envelopeAddresses,
  normaliseAddress,
  parseAddressList,
} from '../../mail/mime/addresses.ts';
import type { Permit } from '../../policy.ts';

/** In local parts that some servers read as an address at another domain: `ann%elsewhere.example@here.example`, encoded words. */
const MAY_LEAD_ELSEWHERE = /[%!@:"\\]|=\?/;

/** Only ASCII: a letter such as the Kelvin sign becomes a `k` otherwise, and is another mailbox. */
const inLowerCase = (address: string): string => address.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * One entry of a list of recipients, as it is sealed: an address, or `@` with a domain for everyone there.
 *
 * @returns undefined if it is neither
 */
export function recipientEntry(text: string): string | undefined {
  const entry = text.trim();
  if (!entry.startsWith('@')) return optional(normaliseAddress(entry));
  return optional(normaliseAddress(`any${entry}`)?.slice('any'.length));
}

/** @param address with its domain in lower-case ASCII, as normaliseAddress() gives it */
export function includesRecipient(entries: readonly string[], address: string): boolean {
  const compared = inLowerCase(address);
  if (entries.includes(compared)) return true;
  const at = compared.lastIndexOf('@');
  // Signs of full width are such signs to whoever normalises them.
  const local = compared.slice(0, at).normalize('NFKC');
  return !MAY_LEAD_ELSEWHERE.test(local) && entries.includes(compared.slice(at));
}

/** What the lists of a permit do not let through. `whose` is who could add them. */
function strangersAmong({ policy, consent }: Permit, addresses: readonly string[]) {
  const strangersTo = (entries: readonly string[] | undefined) =>
    entries === undefined ? [] : addresses.filter((address) => !includesRecipient(entries, address));
  const toOperator = strangersTo(policy.recipients);
  return toOperator.length > 0
    ? { whose: 'operator' as const, strangers: toOperator }
    : { whose: 'owner' as const, strangers: strangersTo(consent.recipients) };
}

/**
 * Called with the arguments of a call, before anything happens.
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
  const { whose } = strangersAmong(
    permit,
    parameters.flatMap(({ addresses }) => addresses),
  );
  const counts = parameters.flatMap(({ name, addresses }) => {
    const found = strangersAmong(permit, addresses);
    return found.whose === whose && found.strangers.length > 0 ? [`${found.strangers.length} in ${name}`] : [];
  });
  if (counts.length > 0) throw notAllowed(whose, counts.join(', '));
}

/** Called with what is handed to the mail server: whatever a tool has made of its arguments. @throws {ToolError} */
export function requireEnvelope(permit: Permit, addresses: readonly string[]): void {
  const { whose, strangers } = strangersAmong(permit, addresses);
  if (strangers.length > 0) throw notAllowed(whose, `${strangers.length} in all`);
}

function notAllowed(whose: 'operator' | 'owner', counts: string): ToolError {
  const who =
    whose === 'operator'
      ? 'the operator of this server has limited it to certain recipients, which nobody else can change'
      : 'the owner of the mailbox has limited it to certain recipients, and can change that by signing in again';
  return new ToolError(
    `Nothing was sent: some recipients are not allowed on this connection (${counts}), as ${who}. Leave them out, or save a draft that the user sends.`,
  );
}

const optional = (address: string | undefined) => (address === undefined ? undefined : inLowerCase(address));
