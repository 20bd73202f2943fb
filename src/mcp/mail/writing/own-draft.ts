/** Reads a draft of the account owner's own that is to be sent, or written anew; any other message is no draft. */
import { ToolError } from '../../../errors.ts';
import { type DraftHeader, readDraftHeader, whyNoDraft } from '../../../mail/derived/draft-header.ts';
import { findMailboxByRole } from '../../../mail/mailbox/find-by-role.ts';
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { type Message, readHeader, readWholeMessage } from '../../../mail/messages/read.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import type { MessagePlace } from './message-place.ts';

/** Where a draft is, or was before it was sent. */
export interface DraftPlace {
  mailbox: string;
  uid: number;
  uidValidity: string;
}

export interface OwnDraft {
  place: DraftPlace;
  header: DraftHeader;
  message: Message;
}

/** @throws {ToolError} if it is not in Drafts, or this connection may not read that mailbox */
export async function findDraftPlace(of: MessagePlace, session: MailSession): Promise<DraftPlace> {
  const mailbox = await resolveFolder(of.folder, session);
  const { path, uidValidity } = await session.readImap(
    (imap) => openMailbox(imap, mailbox, { fresh: true, uidValidity: of.uidValidity }),
    mailbox,
  );
  const drafts = await session.wholeMailbox.readImap((imap) => findMailboxByRole(imap, 'drafts'));
  if (path !== drafts) throw noDraft('it is not in the mailbox Drafts');
  return { mailbox: path, uid: of.uid, uidValidity };
}

/** @throws {ToolError} if there is no such message, or it is no draft; nothing was done */
export async function readOwnDraft(place: DraftPlace, chars: number, session: MailSession): Promise<OwnDraft> {
  const { mailbox, uid, uidValidity } = place;
  const { readImap, runJob, senders } = session;
  const message = await readWholeMessage(readImap, mailbox, uid, { format: 'both', uidValidity, chars, runJob });
  if (!message.flags.includes('\\Draft')) throw noDraft('it does not have the flag \\Draft');
  if (message.flags.includes('\\Deleted')) throw noDraft('it is marked as deleted');
  const header = readDraftHeader(await readImap((imap) => readHeader(imap, mailbox, uid), mailbox));
  const addresses = senders.map(({ email }) => email);
  const reason = whyNoDraft(header, (address) => isOwnAddress(address, addresses));
  if (reason !== undefined) throw noDraft(reason);
  return { place, header, message };
}

function noDraft(reason: string): ToolError {
  return new ToolError(`Nothing was done: this is no draft of the account owner, because ${reason}.`);
}
