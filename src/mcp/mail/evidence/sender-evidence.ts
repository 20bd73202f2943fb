/** Collects what is known about the sender of a message: facts, of which no judgement is made. */
import { z } from 'zod';
import { UpstreamError } from '../../../errors.ts';
import { isSearchable, readSenderHistory, type SenderHistory } from '../../../mail/history/sender-history.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { createListing } from '../../../mail/mailbox/list-mailboxes.ts';
import { chooseMailboxes, type SearchedMailbox } from '../../../mail/mailbox/searchable-mailboxes.ts';
import type { Message } from '../../../mail/messages/read.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { areAligned } from '../../../mail/sender/domains.ts';
import { otherReplyTo } from '../../../mail/sender/header-warnings.ts';
import { provesDomain, type Verdict } from '../../../mail/sender/verdict.ts';
import { HiddenText } from '../../outgoing.ts';
import { personText } from '../../person-text.ts';
import { withoutEmpty } from '../../without-empty.ts';
import type { MailSession } from '../mail-session.ts';
import { notCountedText } from '../search-report.ts';
import { deceitText, readHtmlFindings } from './html-findings.ts';

const Result = z.string().optional();

export const Evidence = z.object({
  dmarc: Result.describe(
    'As the own mail server found it. A pass proves the domain of From, and nothing about its owner.',
  ),
  spf: Result,
  dkim: Result,
  by: z.string().nullable().describe('The mail server that found this. Null: no known one has written results.'),
  assumed: z.boolean().optional().describe('True: the sender may have written the results.'),
  signed_by: z
    .array(z.string())
    .optional()
    .describe('Domains with a valid signature, if that of From is not among them.'),
  reply_to: z.string().optional().describe('Present if it is on another domain than From.'),
  received_before: z
    .number()
    .optional()
    .describe('Earlier messages from this address, without those that failed DMARC.'),
  sent_to: z.number().optional().describe('Messages in Sent to this address. Absent: no Sent folder can be read.'),
  same_name: z.string().optional().describe('The best known other address under the name of the sender.'),
  looks_like: z.string().optional().describe('A known domain that the one of From resembles.'),
  links: z.array(z.string()).optional().describe('What a link shows → the domain that it leads to, where they differ.'),
  hidden_text: HiddenText.describe('Letters that people cannot see, in all forms of the message.'),
  not_searched: z.string().optional().describe('Folders that are not counted.'),
  note: z.string().optional(),
});

export interface FoundEvidence {
  evidence: z.output<typeof Evidence>;
  /** Sentences for the reader. */
  warnings: string[];
}

const LIST_MS = 8_000;
/** For all searches together. */
const SEARCH_MS = 8_000;
const MAX_LINKS = 5;

/** @param message with its HTML, if it has any */
export async function findEvidence(message: Message, verdict: Verdict, session: MailSession): Promise<FoundEvidence> {
  const html = await readHtmlFindings(message, session.runJob);
  const history = await readHistory(message, verdict, session);
  const { by, ...results } = resultsOf(verdict, message, session);
  const links = html.deceits.map(deceitText);
  const more = links.length - MAX_LINKS;
  const facts = withoutEmpty({
    ...results,
    reply_to: otherReplyTo(message, (address) => isOwnAddress(address, session.ownAddresses)) ?? '',
    ...(history === 'unanswered' ? { not_searched: UNANSWERED } : history && factsOf(history, message)),
    links: more > 0 ? [...links.slice(0, MAX_LINKS), `${more} more`] : links,
    note: noteOf(verdict, message),
  });
  const found = typeof history === 'string' ? null : history;
  return {
    evidence: { by, ...facts, hidden_text: html.hiddenLetters },
    warnings:
      found === null ? [] : [...nameWarnings(found), ...lookAlikeWarnings(found, { message, hosts: html.hosts })],
  };
}

const UNANSWERED = 'The mail server did not answer the searches. Call again later.';

/** @returns null if the message names no sender with a whole address */
async function readHistory(
  message: Message,
  verdict: Verdict,
  { readImap, senders: owners, trustedServers: trust }: MailSession,
): Promise<SenderHistory | null | 'unanswered'> {
  const address = authorOf(message);
  if (!isSearchable(address)) return null;
  try {
    const places = await readImap(findPlaces);
    const endsAt = performance.now() + SEARCH_MS;
    const isDomainProven = message.from.length === 1 && provesDomain(verdict, address);
    return await readSenderHistory(readImap, { message, ...places, owners, isDomainProven, trust, endsAt });
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.fault === 'credentials') throw error;
    return 'unanswered';
  }
}

const authorOf = ({ from: [author] }: Pick<Message, 'from'>): string => author?.address ?? '';

/** All folders but Trash, Junk and Drafts; those of sent mail apart. */
async function findPlaces(imap: ImapConnection): Promise<{ mailboxes: SearchedMailbox[]; sent: SearchedMailbox[] }> {
  const list = createListing(imap);
  const { listed } = await imap.openEach([], { limitMs: LIST_MS, list });
  const all = await list.read(listed);
  const choice = { named: [], excluded: [], isAnywhere: false };
  const { mailboxes } = chooseMailboxes(all, choice, { hasAllMail: imap.has('X-GM-EXT-1') });
  return {
    mailboxes: mailboxes.filter(({ role }) => role !== 'sent' && role !== 'drafts'),
    sent: all.filter(({ role, selectable }) => role === 'sent' && selectable),
  };
}

function resultsOf({ dmarc, spf, dkim, by, isAssumed, dkimDomains }: Verdict, message: Message, session: MailSession) {
  const author = authorOf(message);
  const isSigned = dkimDomains.some((domain) => areAligned(domain, author));
  return {
    ...{ dmarc: shortened(dmarc), spf: shortened(spf), dkim: shortened(dkim) },
    // Microsoft's servers leave out their name.
    by: by === '' ? session.trustedServers.imapHost : (by?.slice(0, MAX_NAME_CHARS) ?? null),
    assumed: isAssumed,
    signed_by: isSigned ? [] : [...new Set(dkimDomains)].slice(0, MAX_LINKS),
  };
}

/** Of an assumed server, a result may be anything. */
const MAX_RESULT_CHARS = 20;
const MAX_NAME_CHARS = 255;

const shortened = (result: string | null): string => (result ?? '').slice(0, MAX_RESULT_CHARS);

function noteOf({ by, isAssumed, dmarc }: Verdict, { from }: Message): string {
  return [
    ...(by === null ? [NO_RESULTS] : []),
    ...(isAssumed && dmarc !== 'fail' ? [ASSUMED] : []),
    ...(from.length > 1 ? [`From names ${from.length} authors; these facts are about the first.`] : []),
  ].join(' ');
}

const NO_RESULTS =
  'No mail server that is known to check senders has written results into this message, so nothing proves who has sent it.';
const ASSUMED =
  'The results seem to be those of the own mail server, but a sender could have written them, so a pass proves nothing.';

function factsOf(history: SenderHistory, message: Message) {
  const { receivedBefore, sentTo, sameName, findLookAlike, notSearched } = history;
  return {
    received_before: receivedBefore,
    ...(sentTo !== null && { sent_to: sentTo }),
    same_name: sameName === null ? '' : namesakeText(sameName),
    looks_like: findLookAlike(authorOf(message))?.domain ?? '',
    not_searched: notCountedText(notSearched) ?? '',
  };
}

function namesakeText(person: NonNullable<SenderHistory['sameName']>): string {
  const known = person.isOwner ? 'the account owner' : `${person.received} received, ${person.sent} sent`;
  return `${personText(person)} (${known})`;
}

/** A warning if the name is better known at another address. A pass of DMARC does not matter: it proves a domain, and no name. */
function nameWarnings({ sameName, sentTo, receivedBefore }: SenderHistory): string[] {
  if (sameName === null) return [];
  if (sameName.isOwner) return [OWN_NAME];
  const { sent, received } = sameName;
  const isBetterKnown = sent > (sentTo ?? 0) || ((sentTo ?? 0) === 0 && received > receivedBefore);
  return isBetterKnown ? [`The name of the sender is known at another address: ${personText(sameName)}.`] : [];
}

const OWN_NAME = 'The sender has the name of the account owner, and none of the addresses.';

/** Another ending alone is no sign in a link, and neither is a known name before that of a service. */
const SIGNS: ReadonlySet<string> = new Set(['whole', 'letters', 'typo']);

function lookAlikeWarnings(
  { findLookAlike }: SenderHistory,
  { message, hosts }: { message: Message; hosts: readonly string[] },
): string[] {
  const replyTo = otherReplyTo(message, () => false);
  const like = replyTo === undefined ? undefined : findLookAlike(replyTo);
  const links = hosts.flatMap((host) => {
    const found = findLookAlike(host);
    return found !== undefined && SIGNS.has(found.how)
      ? [`A link leads to ${host}, which resembles ${found.domain}.`]
      : [];
  });
  return [
    ...(like === undefined ? [] : [`The domain of Reply-To resembles ${like.domain}.`]),
    ...links.slice(0, MAX_LINKS),
  ];
}
