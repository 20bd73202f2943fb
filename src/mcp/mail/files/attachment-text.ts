/** Reads one attachment of a message as text. */
import { ToolError } from '../../../errors.ts';
import type { FileRequest } from '../../../extraction/exchange.ts';
import { ExtractionError } from '../../../extraction/extraction.ts';
import { type FoundFile, findFile, openFile } from '../../../mail/files/read-file.ts';
import type { MailSession } from '../mail-session.ts';
import { EXTRACTION_FAULTS, FILE_FAULTS, fileWarnings } from './file-words.ts';

export interface AttachmentCall {
  /** As resolveFolder() returns it. */
  folder: string;
  uid: number;
  uid_validity?: string | undefined;
  attachment: string;
  max_chars: number;
  body_offset: number;
}

const MAX_FILE_BYTES = 20 * 1024 * 1024;

/** @throws {ToolError} if there is no such file, or no text in it; it says why, and the way out */
export async function readAttachmentText(args: AttachmentCall, session: MailSession) {
  const { folder, uid, attachment: named, uid_validity: uidValidity } = args;
  const wanted = { mailbox: folder, uid, named, uidValidity };
  const found = await session.readImap((imap) => findFile(imap, wanted), folder);
  if (found.attachment.sizeBytes > MAX_FILE_BYTES) throw new ToolError(FILE_FAULTS.size);
  const answer = await readFile(found, args, session);
  if ('fault' in answer) throw new ToolError(FILE_FAULTS[answer.fault]);
  const { text, isMore, totalChars, pages, hiddenLetters } = answer;
  const warnings = fileWarnings(answer);
  const cut = {
    ...{ field: 'text_body' as const, next_offset: args.body_offset + text.length },
    ...(totalChars !== null && { total_chars: totalChars }),
  };
  return {
    attachment: found.attachment.shownName,
    ...(pages !== null && { pages }),
    text_body: text,
    ...(isMore && text !== '' && { cut: [cut] }),
    hidden_text: hiddenLetters,
    ...(warnings.length > 0 && { warnings }),
  };
}

async function readFile(found: FoundFile, { max_chars, body_offset }: AttachmentCall, session: MailSession) {
  try {
    return await session.readFile(requestOf(found, { offset: body_offset, chars: max_chars }), (pass) =>
      session.readImap(async (imap) => pass(await openFile(imap, found)), found.mailbox),
    );
  } catch (error) {
    if (!(error instanceof ExtractionError)) throw error;
    throw new ToolError(EXTRACTION_FAULTS[error.fault], { cause: error });
  }
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
