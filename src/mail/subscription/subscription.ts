/**
 * Decides how the list that a message came from can be left, by the header of the message.
 *
 * Invariant: a URL is only used if the account's own server has found that a domain of the sender or of the list has signed it (RFC 8058 §4).
 */
import { areAligned } from '../sender/domains.ts';
import type { HeaderField } from '../sender/header-fields.ts';
import { VERDICT_FIELDS, type Verdict } from '../sender/verdict.ts';
import { oneClickUrl, unsubscribeUris, webPage } from './list-unsubscribe.ts';
import { type MailRequest, readMailto } from './mailto.ts';
import { signersOf } from './signed-fields.ts';

/** The header fields to fetch for readSubscription(). */
export const SUBSCRIPTION_FIELDS: readonly string[] = [
  ...['FROM', 'LIST-ID', 'LIST-UNSUBSCRIBE', 'LIST-UNSUBSCRIBE-POST', 'DKIM-SIGNATURE'],
  ...VERDICT_FIELDS,
];

/** A request that this server can make. */
export type Way = { how: 'one-click'; url: string } | ({ how: 'mail' } & MailRequest);

export interface Subscription {
  /** The preferred one first; empty if there is none. */
  ways: readonly Way[];
  /** The address of a web page for people. */
  page: string | undefined;
  /** Why there is no way. */
  lacks: 'field' | 'single_field' | 'way';
}

const NAMES = ['list-unsubscribe', 'list-unsubscribe-post'];

/** @param author the address in From, which is its only one; undefined if there are several */
export function readSubscription(
  fields: readonly HeaderField[],
  { author, verdict }: { author: string | undefined; verdict: Verdict },
): Subscription {
  const [offered, ...others] = bodiesOf(fields, 'list-unsubscribe');
  if (offered === undefined) return { ways: [], page: undefined, lacks: 'field' };
  // A list adds its own field to that of the sender, and the order proves nothing.
  if (others.length > 0) return { ways: [], page: undefined, lacks: 'single_field' };
  const uris = unsubscribeUris(offered);
  const url = isOneClick(fields, { author, verdict }) ? oneClickUrl(uris) : undefined;
  const [request] = uris.flatMap((uri) => readMailto(uri) ?? []);
  const ways: Way[] = [
    ...(url === undefined ? [] : [{ how: 'one-click' as const, url }]),
    ...(request === undefined ? [] : [{ how: 'mail' as const, ...request }]),
  ];
  return { ways, page: webPage(uris), lacks: 'way' };
}

function isOneClick(
  fields: readonly HeaderField[],
  { author, verdict }: { author: string | undefined; verdict: Verdict },
): boolean {
  const [post, ...others] = bodiesOf(fields, 'list-unsubscribe-post');
  if (post === undefined || others.length > 0 || !/^\s*List-Unsubscribe=One-Click\s*$/i.test(post)) return false;
  const own = [...(bodiesOf(fields, 'from').length === 1 ? [author ?? ''] : []), ...listDomains(fields)];
  return signersOf(fields, NAMES, verdict).some((signer) => own.some((domain) => areAligned(signer, domain)));
}

/** The identifier of a list is a domain (RFC 2919 §2). */
function listDomains(fields: readonly HeaderField[]): string[] {
  const bodies = bodiesOf(fields, 'list-id');
  return bodies.length === 1 ? bodies.map((body) => /<([^<>]*)>\s*$/.exec(body)?.[1]?.trim() ?? '') : [];
}

const bodiesOf = (fields: readonly HeaderField[], name: string): string[] =>
  fields.filter((field) => field.name === name).map(({ body }) => body);
