/** Finds a file in a message, and opens it: the structure of the message and then the part, a round trip each. */
import type { Readable } from 'node:stream';
import { ToolError } from '../../errors.ts';
import { atom } from '../imap/data-formats.ts';
import { uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead, openMailbox } from '../mailbox/open-mailbox.ts';
import { missingMessage } from '../messages/change.ts';
import { streamPart } from '../messages/part-stream.ts';
import type { Attachment } from '../mime/body.ts';
import { type Part, readAllParts } from '../mime/body-structure.ts';
import { findNamedPart } from './named-part.ts';

export interface FoundFile {
  mailbox: string;
  uidValidity: string;
  uid: number;
  part: Part;
  attachment: Attachment;
}

export interface NamedFile {
  mailbox: string;
  uid: number;
  /** As findNamedPart() */
  named: string;
  /** As openMailbox(). */
  uidValidity: string | undefined;
}

/** @throws {ToolError} if there is no such mailbox, message or file, or several files have the name */
export async function findFile(
  imap: ImapConnection,
  { mailbox, uid, named, uidValidity }: NamedFile,
): Promise<FoundFile> {
  const makeCommand = () => uidFetchCommand([uid], [atom('BODYSTRUCTURE')], ['BODYSTRUCTURE']);
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true, uidValidity }, makeCommand);
  const items = result()?.get(uid);
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  const structure = items.get('BODYSTRUCTURE');
  if (structure === undefined) throw new ToolError(WITHOUT_STRUCTURE);
  const found = findNamedPart(readAllParts(structure), named);
  return { ...found, mailbox: selected.path, uidValidity: selected.uidValidity, uid };
}

/** The decoded bytes. The connection is busy until the stream has ended or is destroyed. */
export async function openFile(
  imap: ImapConnection,
  { mailbox, uidValidity, uid, part }: FoundFile,
): Promise<Readable> {
  await openMailbox(imap, mailbox, { uidValidity });
  return streamPart(imap, uid, part);
}

const WITHOUT_STRUCTURE =
  'The mail server gives the structure of this message in a way that could not be understood, so its attachments cannot be read.';
