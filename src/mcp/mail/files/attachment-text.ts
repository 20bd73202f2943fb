/** Reads one attachment of a message as text. */
import type { FileRequest } from '../../../extraction/exchange.ts';
import { type FoundFile, findFile, openFile } from '../../../mail/files/read-file.ts';
import { readFileText } from '../../file-text.ts';
import type { MailSession } from '../mail-session.ts';

export interface AttachmentCall {
  /** As resolveFolder() returns it. */
  folder: string;
  uid: number;
  uid_validity?: string | undefined;
  attachment: string;
  max_chars: number;
  body_offset: number;
}

/** @throws {ToolError} if there is no such file, or no text in it; it says why, and the way out */
export async function readAttachmentText(args: AttachmentCall, session: MailSession) {
  const { folder, uid, attachment: named, uid_validity: uidValidity, body_offset: offset, max_chars: chars } = args;
  const wanted = { mailbox: folder, uid, named, uidValidity };
  const found = await session.readImap((imap) => findFile(imap, wanted), folder);
  const { shownName, sizeBytes } = found.attachment;
  return readFileText({ shownName, sizeBytes, offset }, () =>
    session.readFile(requestOf(found, { offset, chars }), (pass) =>
      session.readImap(async (imap) => pass(await openFile(imap, found)), found.mailbox),
    ),
  );
}

function requestOf({ part, attachment }: FoundFile, window: Pick<FileRequest, 'offset' | 'chars'>): FileRequest {
  const charset = part.parameters.get('charset') ?? null;
  return {
    name: part.filename ?? attachment.filename,
    type: part.type,
    charset,
    sizeBytes: attachment.sizeBytes,
    ...window,
  };
}
