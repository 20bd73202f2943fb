/** Learns from sent mail what a new message needs: the signature, and whether a recipient's domain resembles one that was written to. */
import { ToolError, UpstreamError } from '../../../errors.ts';
import { searchSent, sentDomains } from '../../../mail/derived/sent-mail.ts';
import { findMailboxByRole } from '../../../mail/mailbox/find-by-role.ts';
import type { Message } from '../../../mail/messages/read.ts';
import { comparableDomain } from '../../../mail/sender/domains.ts';
import { createLookAlikeFinder } from '../../../mail/sender/look-alike.ts';
import type { MailSession } from '../mail-session.ts';
import { sentSignature } from './sent-signature.ts';

export interface SentBefore {
  signature?: string;
  warnings: string[];
}

interface Asked {
  /** addr-specs. */
  recipients: readonly string[];
  /** The message that the new one follows from; absent: no signature is looked for. */
  original?: Pick<Message, 'messageId' | 'inReplyTo' | 'references'>;
}

const MAX_DOMAINS = 20;
/** For each step: sent mail may be so much that a search takes long, and a message can do without. */
const LIMIT_MS = 4_000;

/** More recipients than these are worth a second look. */
const MANY_RECIPIENTS = 20;

export function manyRecipients({ length }: readonly string[]): string[] {
  return length > MANY_RECIPIENTS ? [`It goes to ${length} recipients.`] : [];
}

/** Warns of recipients before a message that follows from no other is sent. */
export async function recipientWarnings(recipients: readonly string[], session: MailSession): Promise<string[]> {
  return [...manyRecipients(recipients), ...(await sentBefore({ recipients }, session)).warnings];
}

/** The limits of the connection hold: without access to sent mail nothing is learnt from it. */
export async function sentBefore({ recipients, original }: Asked, session: MailSession): Promise<SentBefore> {
  const own = session.ownAddresses.map(comparableDomain);
  const all = new Set(recipients.map(comparableDomain).filter((domain) => domain !== '' && !own.includes(domain)));
  const domains = [...all].slice(0, MAX_DOMAINS);
  if (domains.length === 0 && original === undefined) return { warnings: [] };
  try {
    return await lookInto({ domains, own, original }, session);
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'timeout') return { warnings: [TOO_SLOW] };
    const isRefused = error instanceof UpstreamError && error.fault === 'refused' && error.code !== 'CONNECTION_LOST';
    if (error instanceof ToolError || isRefused) return { warnings: [] };
    throw error;
  }
}

interface Wanted {
  domains: readonly string[];
  own: readonly string[];
  original: Asked['original'];
}

async function lookInto({ domains, own, original }: Wanted, session: MailSession): Promise<SentBefore> {
  const { readImap } = session;
  const sent = await readImap((imap) => findMailboxByRole(imap, 'sent'));
  const ids = original === undefined ? [] : idsOf(original);
  const found = await readImap((imap) => searchSent(imap, { sent, ids, domains, limitMs: LIMIT_MS }), sent);
  const { newest, newestInThread, unknownDomains } = found;
  const known =
    unknownDomains.length === 0 || newest === null
      ? []
      : await readImap((imap) => sentDomains(imap, { sent, newest, limitMs: LIMIT_MS }), sent);
  const findLookAlike = createLookAlikeFinder([...own, ...known]);
  const warnings = unknownDomains.flatMap((domain) => {
    const resembled = findLookAlike(domain)?.domain;
    return resembled === undefined ? [] : [lookalikeWarning(domain, resembled)];
  });
  if (original === undefined) return { warnings };
  const signature = await sentSignature(sent, { newest, newestInThread, limitMs: LIMIT_MS }, session);
  return { warnings, ...(signature !== undefined && { signature }) };
}

function idsOf({ messageId, inReplyTo, references }: NonNullable<Asked['original']>): string[] {
  const root = references[0] ?? inReplyTo;
  return [...new Set([root, messageId])].filter((id) => id !== null && id !== undefined);
}

function lookalikeWarning(domain: string, resembled: string): string {
  return `The account owner has never written to ${domain}, which resembles ${resembled}: make sure that it is not a mistake or a fraud.`;
}

const TOO_SLOW =
  'Sent mail could not be searched in time, so no signature was looked for, and new recipients were not compared with known ones.';
