/** Reads one file of a message as text. It is fetched from where Missive says that it is, when a process is ready to read it. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { fileTextFields, MAX_FILE_BYTES, readFileText } from '../../file-text.ts';
import { HiddenText, TextBody } from '../../outgoing.ts';
import type { MissiveSession } from '../missive-session.ts';
import { Files, findNamed } from '../writing/message-files.ts';

const Cut = z.object({
  field: z.string(),
  total_chars: z.number().optional(),
  next_offset: z.number().describe('Pass it as body_offset to go on.'),
});

/** Fields of an answer that has the text of a file. */
export const attachedFields = {
  ...fileTextFields,
  text_body: TextBody.optional().describe('Text of the file.'),
  cut: z.array(Cut).optional().describe('Absent: that was all of the file.'),
  hidden_text: HiddenText,
  warnings: z.array(z.string()).optional(),
};

interface AttachedCall {
  /** Name, id or number. */
  attachment: string;
  max_chars: number;
  body_offset: number;
}

/** @param message from the API @throws {ToolError} if there is no such file, or no text in it; it says why, and the way out */
export async function readAttachedText(
  message: Record<string, unknown>,
  { attachment: wanted, max_chars: chars, body_offset: offset }: AttachedCall,
  { readFile, fetchFile }: Pick<MissiveSession, 'readFile' | 'fetchFile'>,
) {
  const {
    url,
    filename,
    size,
    media_type: type,
    sub_type: subType,
  } = findNamed(Files.safeParse(message.attachments).data ?? [], wanted);
  const name = filename ?? 'file';
  const sizeBytes = size ?? undefined;
  const request = {
    ...{ name, type: type && subType ? `${type}/${subType}`.toLowerCase() : 'application/octet-stream' },
    ...{ charset: null, sizeBytes: sizeBytes ?? 0, offset, chars },
  };
  return readFileText({ shownName: name, sizeBytes, offset }, () =>
    readFile(request, async (pass) => pass(Readable.from([await fetchFile(url, MAX_FILE_BYTES)]))),
  );
}
