/** Looks into the mailbox of sent mail before a message is written: whom the account owner has written to, and which messages are in the conversation. */
import { UpstreamError } from '../../errors.ts';
import { atom } from '../imap/data-formats.ts';
import { uidRangeFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection, Visit } from '../imap/imap-connection.ts';
import { toSummary } from '../mime/summary.ts';
import { encodeSearch } from '../search/encode-search.ts';
import type { SearchKey } from '../search/keys.ts';
import { type FoundUids, uidSearchCommand } from '../search/uid-search.ts';
import { comparableDomain } from '../sender/domains.ts';

export interface SentSearch {
  /** Path of the mailbox. */
  sent: string;
  /** Message-IDs of the conversation with their angle brackets: of its root, and of the message that a new one follows from. */
  ids: readonly string[];
  domains: readonly string[];
  limitMs: number;
}

export interface FoundSent {
  /** UID of the newest message; null if there is none. */
  newest: number | null;
  newestInThread: number | null;
  /** Those of the domains to which nothing was sent. */
  unknownDomains: string[];
}

/** Takes one round trip. What the server refuses to search counts as known, and as not in the conversation. */
export async function searchSent(
  imap: ImapConnection,
  { sent: name, ids, domains, limitMs }: SentSearch,
): Promise<FoundSent> {
  const inThread = ids.filter((id) => /^<[\x21-\x7e]{1,500}>$/.test(id)).flatMap(threadKeys);
  const searches = [
    { key: 'UID' as const, set: '*' },
    ...(inThread.length === 0 ? [] : [anyOf(inThread)]),
    ...domains.map((domain) => anyOf(RECIPIENT_KEYS.map((key) => ({ key, text: `@${domain}` })))),
  ];
  // A visit for each, because commands of one visit share their responses.
  const visits = searches.map((key): Visit<FoundUids> => {
    const { tokens } = encodeSearch([key]);
    return { name, commands: [uidSearchCommand(imap, tokens, { charset: undefined })] };
  });
  const { visited } = await imap.openEach(visits, { limitMs });
  const found = visited.map(({ selected, refusal, outcomes: [outcome] }) => {
    if (selected === null || outcome === undefined) throw refusal ?? new Error('no result');
    return nullIfRefused(outcome);
  });
  const ofDomains = found.slice(searches.length - domains.length);
  return {
    newest: newestOf(found[0]),
    newestInThread: inThread.length === 0 ? null : newestOf(found[1]),
    unknownDomains: domains.filter((_, index) => ofDomains[index]?.count === 0),
  };
}

const RECIPIENT_KEYS = ['TO', 'CC', 'BCC'] as const;

const threadKeys = (text: string): SearchKey[] =>
  ['MESSAGE-ID', 'REFERENCES', 'IN-REPLY-TO'].map((field) => ({ key: 'HEADER', field, text }));

/** @param keys not empty */
function anyOf(keys: readonly SearchKey[]): SearchKey {
  return keys.reduceRight((right, left): SearchKey => ({ key: 'OR', left, right }));
}

const newestOf = (found: FoundUids | null | undefined): number | null => found?.newest(0, 1)[0] ?? null;

function nullIfRefused(outcome: PromiseSettledResult<FoundUids>): FoundUids | null {
  if (outcome.status === 'fulfilled') return outcome.value;
  const { reason } = outcome;
  const isRefused = reason instanceof UpstreamError && reason.fault === 'refused' && reason.code !== 'CONNECTION_LOST';
  if (isRefused) return null;
  throw reason;
}

/** Messages of which the recipients are known. */
const MAX_MESSAGES = 300;

/** The domains that the last messages were sent to, in one round trip. @param newest UID of the last one */
export async function sentDomains(
  imap: ImapConnection,
  { sent: name, newest, limitMs }: { sent: string; newest: number; limitMs: number },
): Promise<string[]> {
  const range = [Math.max(1, newest - MAX_MESSAGES + 1), newest] as const;
  const commands = [uidRangeFetchCommand(range, [atom('ENVELOPE')], ['ENVELOPE'])];
  const { visited } = await imap.openEach([{ name, commands }], { limitMs });
  const [outcome] = visited[0]?.outcomes ?? [];
  if (outcome?.status !== 'fulfilled') throw outcome?.reason ?? new Error('no result');
  const people = [...outcome.value].flatMap(([uid, items]) => {
    const { to, cc, bcc } = toSummary(uid, items);
    return [...to, ...cc, ...bcc];
  });
  return [...new Set(people.map(({ address }) => comparableDomain(address)))].filter((domain) => domain !== '');
}
