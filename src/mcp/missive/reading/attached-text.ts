/** Reads one file of a message as text. It is fetched from where Missive says that it is, when a process is ready to read it. */
import { Readable } from 'node:stream';
import { MAX_FILE_BYTES, readFileText } from '../../file-text.ts';
import type { MissiveSession } from '../missive-session.ts';
import { Files, findNamed } from '../writing/message-files.ts';

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
