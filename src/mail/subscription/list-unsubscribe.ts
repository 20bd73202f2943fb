/** Reads the ways that a List-Unsubscribe field offers (RFC 2369 §2, §3.2), none of which is used as it is written. */
import { isAddress } from '../../web/public-address.ts';

const MAX_FIELD_CHARS = 16 * 1024;
const MAX_URI_CHARS = 4 * 1024;
/** Further ones are ignored. */
const MAX_URIS = 20;

/**
 * The URIs in their order. Comments stand between them (RFC 5322 §3.2.2); what follows a URI and is no comma ends the field, as does anything that
 * is no URI in angle brackets.
 *
 * @param body unfolded or not
 * @returns empty if the field follows no such grammar, or is too long
 */
export function unsubscribeUris(body: string): string[] {
  const uris: string[] = [];
  if (body.length > MAX_FIELD_CHARS) return uris;
  let at = 0;
  while (uris.length < MAX_URIS) {
    at = afterComments(body, at);
    const end = body.indexOf('>', at);
    if (body[at] !== '<' || end < 0) break;
    // Folding puts white space into long URIs, where it means nothing.
    uris.push(body.slice(at + 1, end).replace(/\s+/g, ''));
    at = afterComments(body, end + 1);
    if (body[at] !== ',') break;
    at += 1;
  }
  return uris.filter((uri) => uri.length <= MAX_URI_CHARS && /^[\x21-\x7e]+$/.test(uri));
}

/** The only https URL, as RFC 8058 §3.1 requires it; undefined if there are several, or it names a user or an IP address. */
export function oneClickUrl(uris: readonly string[]): string | undefined {
  const [url, ...others] = uris.filter((uri) => /^https:/i.test(uri)).map(webUrl);
  return others.length === 0 && url?.protocol === 'https:' && !isAddress(url.hostname) ? url.href : undefined;
}

/** The first web page, for people. */
export function webPage(uris: readonly string[]): string | undefined {
  return uris.map(webUrl).find((url) => url !== undefined)?.href;
}

/** A user name in a URL is there to make a host look like another one. */
function webUrl(uri: string): URL | undefined {
  if (!/^https?:\/\/[^/]/i.test(uri) || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  url.hash = '';
  return url.username === '' && url.password === '' ? url : undefined;
}

function afterComments(body: string, start: number): number {
  let at = start;
  while (at < body.length) {
    if (body[at] === '(') at = endOfComment(body, at);
    else if (/\s/.test(body[at] ?? '')) at += 1;
    else break;
  }
  return at;
}

/** @returns the end of the text if the comment has none */
function endOfComment(body: string, start: number): number {
  let depth = 0;
  for (let at = start; at < body.length; at += 1) {
    if (body[at] === '\\') at += 1;
    else if (body[at] === '(') depth += 1;
    else if (body[at] === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return body.length;
}
