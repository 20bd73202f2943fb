/** Parses and checks address lists in arguments (RFC 5322 §3.4, RFC 6532), for the header and the envelope. */
import { domainToASCII } from 'node:url';
import addressparser, { type MailboxAddress } from 'nodemailer/lib/addressparser';
import { ToolError } from '../../errors.ts';

/** A display name, which may be empty, and an addr-spec whose domain is in ASCII (RFC 5890). */
export interface Mailbox {
  name: string;
  address: string;
}

/** One entry of an address header: a mailbox or a group of them (`Team: ann@a.example, bob@b.example;`). */
export type AddressEntry = Mailbox | { name: string; group: Mailbox[] };

export type AddressParameter = 'to' | 'cc' | 'bcc';

const MAX_LIST_CHARS = 50_000;
/** Commas, semicolons and colons: far more than those of all recipients that a message may have. */
const MAX_SEPARATORS = 2_000;

/**
 * Parses a comma-separated address list with display names, quoted strings, comments and groups.
 *
 * @param parameter of the tool, for the errors
 * @returns entries in order; empty for an empty list
 * @throws {ToolError} that names the parameter and the position of the address (from 1), and quotes its start
 */
export function parseAddressList(list: string, parameter: AddressParameter): AddressEntry[] {
  if (list.length > MAX_LIST_CHARS) throw new ToolError(`${parameter}: longer than ${MAX_LIST_CHARS} characters.`);
  // A line break in an address would begin a new header field. The parser would drop it silently; header injection is refused instead.
  if (/(?!\t)[\p{Cc}\p{Surrogate}]/u.test(list)) {
    throw new ToolError(
      `${parameter}: line breaks and control characters are not allowed. Separate addresses by commas.`,
    );
  }
  if (list.split(/[,;:]/).length > MAX_SEPARATORS) throw new ToolError(`${parameter}: more than a thousand addresses.`);
  const parsed = addressparser(list);
  const unquotedList = withoutQuoting(list);
  let position = 0;
  const check = (mailbox: MailboxAddress): Mailbox => {
    position += 1;
    return checkMailbox(mailbox, unquotedList, `${parameter}, address ${position}`);
  };
  const entries = parsed.map((entry) => {
    if (entry.group === undefined) return check(entry);
    if (entry.name.toLowerCase() === 'mailto') {
      throw new ToolError(`${parameter}, address ${position + 1}: write the address itself, without mailto:.`);
    }
    return {
      name: entry.name,
      group: entry.group
        .flatMap((member) => (member.group ? member.group : [member]))
        .map(asMailbox)
        .map(check),
    };
  });
  // `a@x.example b@x.example` would be parsed as one address with the other as its name.
  if (countAtSigns(list) !== position) {
    throw new ToolError(
      `${parameter}: an address holds more than one @. Separate addresses by commas, and put names with an @ in quotes.`,
    );
  }
  return entries;
}

/** The addresses of header entries, in order, each once: the first of those that differ only in the case of the domain. */
export function envelopeAddresses(entries: readonly AddressEntry[]): string[] {
  const mailboxes = entries.flatMap((entry) => ('group' in entry ? entry.group : [entry]));
  return [...new Set(mailboxes.map(({ address }) => address))];
}

/**
 * Checks one addr-spec (RFC 5322 §3.4.1, RFC 6531 §3.3; lengths of RFC 5321 §4.5.3.1) and puts its domain into lower-case ASCII.
 *
 * @returns undefined if it is not valid; domain literals (`[192.0.2.1]`) are not accepted
 */
export function normaliseAddress(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const domain = asciiDomain(address.slice(at + 1));
  const isDotAtom = /^[^\s\p{Cc}"(),:;<>@[\\\].]+(?:\.[^\s\p{Cc}"(),:;<>@[\\\].]+)*$/u.test(local);
  const isQuoted = /^"(?:[^"\\\p{Cc}]|\\[\x20-\x7e])+"$/u.test(local);
  if (!domain || !(isDotAtom || isQuoted) || Buffer.byteLength(local) > 64) return undefined;
  const normalised = `${local}@${domain}`;
  return Buffer.byteLength(normalised) <= 254 ? normalised : undefined;
}

/** @param list without quoting */
function checkMailbox({ name, address }: MailboxAddress, list: string, where: string): Mailbox {
  const normalised = normaliseAddress(address);
  // `ann@exa mple.test` would be parsed as ann@exa with the name mple.test.
  const isNameDelimited =
    name === '' || [`<${address}>`, `(${name})`].some((text) => list.includes(withoutQuoting(text)));
  if (normalised === undefined || !isNameDelimited) {
    const written = excerpt([address, name].filter((part) => part !== '').join(' '));
    const example = 'Write ann@example.com or "Ann Lee" <ann@example.com>, separated by commas.';
    throw new ToolError(`${where}, ${written}: not a valid email address. ${example}`);
  }
  return { name, address: normalised };
}

function withoutQuoting(text: string): string {
  return text.replace(/[\s"\\]/g, '');
}

function asMailbox(entry: { name: string; address?: string | undefined }): MailboxAddress {
  return { name: entry.name, address: entry.address ?? '' };
}

/** Checks the characters before and after domainToASCII(), which is made for URLs: it decodes escapes, cuts, and reads numbers as IP addresses. */
function asciiDomain(domain: string): string | undefined {
  if (!/^[\p{L}\p{M}\p{N}\p{Join_Control}.\u30fb\u00b7-]{1,255}$/u.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  const labels = ascii.split('.');
  const isName = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return isName && !/^\d+$/.test(labels.at(-1) ?? '') ? ascii : undefined;
}

/**
 * Counts the at signs that separate local part and domain: those outside quoted strings and comments, which nest (RFC 5322 §3.2.2). A quoted
 * string or comment without an end is text.
 */
function countAtSigns(list: string): number {
  /** At signs before each comment that is open. */
  const before: number[] = [];
  let count = 0;
  // Looked for once: a search from every quote to the end would take quadratic time.
  let areQuotesClosed = true;
  for (let at = 0; at < list.length; at += 1) {
    const isInComment = before.length > 0;
    switch (list[at]) {
      case '@':
        count += 1;
        break;
      case '\\':
        if (isInComment) at += 1;
        break;
      case '(':
        before.push(count);
        break;
      case ')':
        count = before.pop() ?? count;
        break;
      case '"': {
        if (isInComment || !areQuotesClosed) break;
        const end = endOfQuotedString(list, at);
        areQuotesClosed = end < list.length;
        if (areQuotesClosed) at = end;
        break;
      }
    }
  }
  return count;
}

/** @returns the position of the closing quote; the length of the list if there is none */
function endOfQuotedString(list: string, start: number): number {
  let at = start + 1;
  while (at < list.length && list[at] !== '"') at += list[at] === '\\' ? 2 : 1;
  return at;
}

function excerpt(text: string): string {
  const characters = [...text];
  return `"${characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : text}"`;
}
