/** Reads the message that an answer follows from, in one read, with what decides about recipients and warnings. */
import { MAX_QUOTED_CHARS } from '../../../mail/derived/quotation.ts';
import { isFolderOfOwnMail } from '../../../mail/mailbox/find-by-role.ts';
import { type Message, readWholeMessage } from '../../../mail/messages/read.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { type HeaderField, readHeaderFields } from '../../../mail/sender/header-fields.ts';
import { isForged, provesDomain, readVerdict, VERDICT_FIELDS } from '../../../mail/sender/verdict.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import type { MessagePlace } from './message-place.ts';

export interface Original {
  message: Message;
  /** True if it is in Sent or Drafts, or the mail server has proven that the account owner has written it. */
  isOwn: boolean;
  /** Addresses under which the account's server has received it. */
  deliveredTo: readonly string[];
  isForged: boolean;
  /** True for a message of a mailing list. */
  isFromList: boolean;
}

const HEADER_FIELDS = ['DELIVERED-TO', 'X-ORIGINAL-TO', 'LIST-ID', 'LIST-POST', ...VERDICT_FIELDS];

/**
 * @param calendarBytes calendars of up to this size together are read with it
 * @throws {ToolError} if there is no such message, or this connection may not read it
 */
export async function readOriginal(
  place: MessagePlace,
  session: MailSession,
  calendarBytes?: number,
): Promise<Original> {
  const { readImap, runJob, ownAddresses, trustedServers } = session;
  const mailbox = await resolveFolder(place.folder, session);
  const message = await readWholeMessage(readImap, mailbox, place.uid, {
    format: 'text',
    uidValidity: place.uidValidity,
    chars: MAX_QUOTED_CHARS + 1,
    runJob,
    headerFields: HEADER_FIELDS,
    calendarBytes,
  });
  const verdict = readVerdict(message.header, trustedServers);
  const [author, ...others] = message.from;
  const claimsOwn = author !== undefined && others.length === 0 && isOwnAddress(author.address, ownAddresses);
  const isProven = () => author !== undefined && provesDomain(verdict, author.address);
  const isInOwnFolder = () => readImap((imap) => isFolderOfOwnMail(imap, message.mailbox), message.mailbox);
  const fields = readHeaderFields(message.header.toString('utf8'));
  return {
    message,
    isOwn: claimsOwn && (isProven() || (await isInOwnFolder())),
    deliveredTo: deliveryAddresses(fields),
    isForged: isForged(verdict),
    isFromList: fields.some(({ name, body }) => /^list-(?:id|post)$/.test(name) && !/^\s*no\b/i.test(body)),
  };
}

/** The addresses under which the account's server has received a message: only what stands above the topmost Received field was written by the account's own server. */
export function deliveryAddresses(fields: readonly HeaderField[]): string[] {
  const end = fields.findIndex(({ name }) => name === 'received');
  return fields
    .slice(0, end < 0 ? fields.length : end)
    .filter(({ name }) => name === 'delivered-to' || name === 'x-original-to')
    .map(({ body }) => body.trim().replace(/^<|>$/g, ''));
}
