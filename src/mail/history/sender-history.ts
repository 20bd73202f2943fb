/**
 * Reads what a mailbox knows about the sender of a message: how much was received from the address and sent to it, who else has the name, and which
 * known domain another one resembles.
 *
 * Invariant: messages that failed DMARC count for nothing, and only messages in Sent are the account owner's.
 */
import { type NotSearched, searchEach } from '../find/search-each.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { ListedMessage, WithConnection } from '../messages/list.ts';
import { isOwnAddress } from '../own-address.ts';
import type { SearchKey } from '../search/keys.ts';
import { areAligned } from '../sender/domains.ts';
import { createLookAlikeFinder, type FindLookAlike } from '../sender/look-alike.ts';
import { isMailProvider } from '../sender/mail-providers.ts';
import { isForged, provesDomain, type TrustedServers } from '../sender/verdict.ts';
import { nameKey, searchWords } from './display-names.ts';
import { type HistoryFound, type Hit, type Hits, type Kind, type Searches, searchHistory } from './history-search.ts';
import { byFrequency, imitatedWords, organizationOf } from './known-domains.ts';

export interface HistoryRequest {
  /** The message whose sender, with a searchable address, is asked about. It counts for nothing. */
  message: Pick<ListedMessage, 'uid' | 'from' | 'messageId' | 'arrivedAt'> & { mailbox: string };
  /** Where messages are received; none of `sent` is among them. */
  mailboxes: readonly SearchedMailbox[];
  sent: readonly SearchedMailbox[];
  /** The account owner, by every address. */
  owners: readonly { fullName: string; email: string }[];
  /** True if the message was proven to come from the domain of its sender. */
  isDomainProven: boolean;
  trust: TrustedServers;
  /** Instant of performance.now() at which the searches end. */
  endsAt: number;
}

/** Another address under the same name. */
interface SameName {
  name: string;
  address: string;
  received: number;
  sent: number;
  /** True for the account owner. */
  isOwner: boolean;
}

export interface SenderHistory {
  /** Messages from the address that arrived before. */
  receivedBefore: number;
  /** Messages to the address; null if there is no Sent folder that can be read. */
  sentTo: number | null;
  /** The best known of the other addresses under the name; null if there is none. */
  sameName: SameName | null;
  /** Compares with the domains of the account, those that it has written to, and those with more mail than the sender's that was proven to be theirs. */
  findLookAlike: FindLookAlike;
  notSearched: NotSearched[];
}

/** RFC 5321 §4.5.3.1: more than local part and domain may have. Longer ones are not searched for. */
const MAX_ADDRESS_CHARS = 320;

/** True for an address that can be searched for. */
export function isSearchable(address: string): boolean {
  return address.length <= MAX_ADDRESS_CHARS && /^[^\p{Cc}]+@[^\p{Cc}]+$/u.test(address);
}

/** Other addresses under the name that are searched for in Sent. */
const MAX_NAMESAKES = 3;
/** Messages that prove a domain to be known. */
const MIN_PROVEN = 2;

export async function readSenderHistory(
  withConnection: WithConnection,
  request: HistoryRequest,
): Promise<SenderHistory> {
  const { message, mailboxes, sent, owners, trust, endsAt } = request;
  const ownAddresses = owners.map(({ email }) => email);
  const [author] = message.from;
  const { name = '', address = '' } = author ?? {};
  const isSent = new Set(sent.map(({ path }) => path));
  const searchesIn = ({ path }: SearchedMailbox) =>
    isSent.has(path) ? searchesInSent(address, name) : searchesInReceived(address, name);
  const search = { mailboxes: [...mailboxes, ...sent], searchesIn, trust, endsAt };
  const found = await searchHistory(withConnection, search);
  const receivedBefore = countBefore(hitsOf(found, 'address'), message);
  const owner = ownerNamed(name, address, owners);
  const namesakes = owner === null ? namesakesOf(found, { name, address, ownAddresses }) : [];
  const written = byFrequency(found.recipients.flatMap((recipient) => organizationOf(recipient) ?? []));
  const known = [...ownAddresses, ...written, ...provenDomains(hitsOf(found, 'domain'), receivedBefore)];
  return {
    receivedBefore,
    sentTo: found.hits.has('to') ? countTo(hitsOf(found, 'to'), address) : null,
    sameName: owner ?? (await bestKnown(withConnection, namesakes, { ...request, recipients: found.recipients })),
    findLookAlike: createLookAlikeFinder(known),
    notSearched: found.notSearched,
  };
}

function hitsOf({ hits }: HistoryFound, kind: Kind): Hits {
  return hits.get(kind) ?? { read: [], unread: 0 };
}

function searchesInReceived(address: string, name: string): Searches {
  const words = searchWords(name);
  const imitated = imitatedWords(address).map((text): SearchKey => ({ key: 'FROM', text }));
  return [
    ['address', { key: 'FROM', text: searchedAddress(address) }],
    ...(words.length === 0 ? [] : [['name', allOf(words.map((text) => ({ key: 'FROM', text })))] as const]),
    ...(imitated.length === 0 ? [] : [['domain', imitated.reduce(either)] as const]),
  ];
}

function searchesInSent(address: string, name: string): Searches {
  const [word] = searchWords(name);
  return [
    ['to', toAny(searchedAddress(address))],
    ...(word === undefined ? [] : [['named', toAny(word)] as const]),
    ['sent', { key: 'ALL' }],
  ];
}

const toAny = (text: string): SearchKey =>
  (['TO', 'CC', 'BCC'] as const).map((key): SearchKey => ({ key, text })).reduce(either);

const either = (left: SearchKey, right: SearchKey): SearchKey => ({ key: 'OR', left, right });

function allOf(keys: readonly SearchKey[]): SearchKey {
  const [first = { key: 'ALL' }, ...others] = keys;
  return others.length === 0 ? first : { key: 'AND', operands: [...keys] };
}

/** A domain outside ASCII may be written in two forms, so only the local part is searched for. */
function searchedAddress(address: string): string {
  const local = address.slice(0, address.lastIndexOf('@') + 1);
  return /^[\x20-\x7e]*$/.test(address) || local === '' ? address : local;
}

/**
 * How many of the messages that were looked at count, each once, and the same share of the others: a search for an address also finds longer ones,
 * and what only resembles it or was forged must not count for being too much to look at.
 *
 * @param isMeant true for what the search was for
 * @param isCounted of those
 */
function count({ read, unread }: Hits, isMeant: (hit: Hit) => boolean, isCounted = (_: Hit) => true): number {
  const seen = new Set<string>();
  const meant = read.filter(isMeant);
  const counted = meant.filter((hit) => {
    const { messageId } = hit.message;
    if (!isCounted(hit) || (messageId !== null && seen.has(messageId))) return false;
    if (messageId !== null) seen.add(messageId);
    return true;
  });
  return counted.length + shareOf(unread, meant.length, read.length);
}

/** A number in the proportion of a sample; the whole number without one. */
const shareOf = (whole: number, meant: number, sample: number): number =>
  sample === 0 ? whole : Math.floor((whole * meant) / sample);

function countBefore(hits: Hits, { mailbox, uid, from, messageId, arrivedAt }: HistoryRequest['message']): number {
  const address = from[0]?.address ?? '';
  const isMeant = (hit: Hit) => isFrom(hit, address) && !isForged(hit.verdict);
  return count(hits, isMeant, (hit) => {
    const isItself =
      (hit.mailbox === mailbox && hit.uid === uid) || (messageId !== null && hit.message.messageId === messageId);
    const isLater = arrivedAt !== null && hit.message.arrivedAt !== null && hit.message.arrivedAt > arrivedAt;
    return !isItself && !isLater;
  });
}

const isFrom = ({ message }: Hit, address: string): boolean => isOwnAddress(message.from[0]?.address ?? '', [address]);

function countTo(hits: Hits, address: string): number {
  return count(hits, (hit) => recipientsOf(hit).some((other) => isOwnAddress(other, [address])));
}

const recipientsOf = ({ message: { to, cc }, recipients }: Hit): string[] => [
  ...[...to, ...cc].map((person) => person.address),
  ...recipients,
];

/** The domains that were proven to have sent more messages than the sender. */
function provenDomains({ read }: Hits, receivedBefore: number): string[] {
  const proven = read.flatMap(({ message, verdict }) => {
    const [author, ...others] = message.from;
    const isProven = author !== undefined && others.length === 0 && provesDomain(verdict, author.address);
    return isProven ? (organizationOf(author.address) ?? []) : [];
  });
  const counts = Map.groupBy(proven, (domain) => domain);
  return byFrequency(proven).filter((domain) => {
    const number = counts.get(domain)?.length ?? 0;
    return number >= MIN_PROVEN && number > receivedBefore;
  });
}

/** The account owner, if a message from another address has the owner's name. */
function ownerNamed(name: string, address: string, owners: HistoryRequest['owners']): SameName | null {
  const key = nameKey(name);
  const isOther = owners.every(({ email }) => !isOwnAddress(address, [email]));
  const owner = key === '' || !isOther ? undefined : owners.find(({ fullName }) => nameKey(fullName) === key);
  return owner === undefined
    ? null
    : { name: owner.fullName, address: owner.email, received: 0, sent: 0, isOwner: true };
}

interface Sender {
  name: string;
  address: string;
  ownAddresses: readonly string[];
}

const bestKnownFirst = (a: SameName, b: SameName) => b.sent - a.sent || b.received - a.received;

/** Other addresses under the name, as far as the messages that were looked at show them. */
function namesakesOf(found: HistoryFound, { name, address, ownAddresses }: Sender): SameName[] {
  const key = nameKey(name);
  const people = new Map<string, SameName>();
  const add = (person: { name: string; address: string }, field: 'received' | 'sent') => {
    const isOther = isSearchable(person.address) && !isOwnAddress(person.address, [address, ...ownAddresses]);
    if (!isOther || nameKey(person.name) !== key) return;
    const lower = person.address.toLowerCase();
    const known = people.get(lower) ?? { ...person, received: 0, sent: 0, isOwner: false };
    people.set(lower, { ...known, [field]: known[field] + 1 });
  };
  if (key === '') return [];
  for (const { message, verdict } of hitsOf(found, 'name').read) {
    const [author] = message.from;
    if (author !== undefined && !isForged(verdict)) add(author, 'received');
  }
  for (const { message } of hitsOf(found, 'named').read) {
    for (const person of [...message.to, ...message.cc]) add(person, 'sent');
  }
  return [...people.values()];
}

interface NamesakeRequest extends HistoryRequest {
  /** Addresses of the newest messages in Sent. */
  recipients: readonly string[];
}

/** The best known of the namesakes. Other addresses of the sender's organization count only if the account owner has written to them. */
async function bestKnown(
  withConnection: WithConnection,
  namesakes: readonly SameName[],
  request: NamesakeRequest,
): Promise<SameName | null> {
  const address = request.message.from[0]?.address ?? '';
  const isOfAnyone = isMailProvider(organizationOf(address) ?? '');
  const isElsewhere = (person: SameName) =>
    isOfAnyone || !request.isDomainProven || !areAligned(person.address, address);
  const [others, colleagues] = [true, false].map((elsewhere) =>
    namesakes.filter((person) => isElsewhere(person) === elsewhere).toSorted(bestKnownFirst),
  );
  const some = [...(others ?? []), ...(colleagues ?? [])].slice(0, MAX_NAMESAKES);
  const counted = await countSent(withConnection, some, request);
  const meant = counted.filter((person) => isElsewhere(person) || person.sent > 0);
  return meant.toSorted(bestKnownFirst)[0] ?? null;
}

/** Adds messages to those people that do not have their name, in the proportion of the newest ones: a search finds longer addresses too. */
async function countSent(
  withConnection: WithConnection,
  people: readonly SameName[],
  { sent: mailboxes, endsAt, recipients }: NamesakeRequest,
): Promise<SameName[]> {
  if (people.length === 0 || mailboxes.length === 0) return [...people];
  const makeSearches = () => people.map(({ address }) => [toAny(searchedAddress(address))]);
  const { searched } = await searchEach(withConnection, { mailboxes, makeSearches, endsAt });
  return people.map((person, index) => {
    const total = searched.reduce((sum, { found }) => sum + (found[index]?.count ?? 0), 0);
    const similar = recipients.filter((other) => other.toLowerCase().includes(person.address.toLowerCase()));
    const exact = similar.filter((other) => isOwnAddress(other, [person.address]));
    return { ...person, sent: Math.max(person.sent, shareOf(total, exact.length, similar.length)) };
  });
}
