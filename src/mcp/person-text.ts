/** Writes a person as a model reads it and passes it back: `Ann Lee <ann@example.com>`. */
import { cutText } from '../text/cut-text.ts';
import { visibleLine } from '../text/visible-text.ts';

const MAX_NAME_CHARS = 80;

/** The account itself, in rows. */
export const ME = 'me';

/** RFC 5322 §3.2.3: a display name with one of these is a quoted string. */
const SPECIALS = /[()<>[\]:;@\\,."]/;

/** A mailbox (RFC 5322 §3.4), which `to` accepts again. A group without members is its name with `:;`. */
export function personText({ name, address }: { name: string; address: string }): string {
  const display = cutText(name.trim(), MAX_NAME_CHARS);
  const phrase = SPECIALS.test(display) ? `"${display.replace(/["\\]/g, '\\$&')}"` : display;
  if (address === '') return phrase === '' ? '' : `${phrase}:;`;
  // A name without a visible character stays, to be counted where results are made visible.
  if (visibleLine(display).text.trim() === '') return `${bareAddress(address)}${display}`;
  if (display.toLowerCase() === address.toLowerCase()) return bareAddress(address);
  return `${phrase} <${address}>`;
}

/** Without a domain, an address could read like the word for the account. */
function bareAddress(address: string): string {
  return address.toLowerCase() === ME ? `<${address}>` : address;
}
