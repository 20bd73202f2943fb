/** Returns the text of one file to the model, or says why it has none; both with what is remarkable about the file, and the way out. */
import { z } from 'zod';
import { ToolError } from '../errors.ts';
import type { FileAnswer, FileFault } from '../extraction/exchange.ts';
import { ExtractionError, type ExtractionFault } from '../extraction/extraction.ts';

/** Fields of a result that has the text of a file in place of a message, beside `text_body` and `cut`. */
export const fileTextFields = {
  attachment: z.string().optional().describe('Name of the file that text_body is the text of.'),
  pages: z.number().optional().describe('Pages of a PDF, slides of a presentation.'),
};

interface ReadableFile {
  shownName: string;
  /** An estimate; undefined if it is not known. */
  sizeBytes: number | undefined;
  /** Characters that are skipped. */
  offset: number;
}

export const MAX_FILE_BYTES = 20 * 1024 * 1024;

/** @throws {ToolError} if there is no text in the file; it says why, and the way out */
export async function readFileText(
  { shownName, sizeBytes = 0, offset }: ReadableFile,
  read: () => Promise<FileAnswer>,
) {
  if (sizeBytes > MAX_FILE_BYTES) throw new ToolError(FILE_FAULTS.size);
  const answer = await read().catch((error: unknown) => {
    if (!(error instanceof ExtractionError)) throw error;
    throw new ToolError(EXTRACTION_FAULTS[error.fault], { cause: error });
  });
  if ('fault' in answer) throw new ToolError(FILE_FAULTS[answer.fault]);
  const { text, isMore, totalChars, pages, hiddenLetters } = answer;
  const warnings = fileWarnings(answer);
  const cut = {
    ...{ field: 'text_body' as const, next_offset: offset + text.length },
    ...(totalChars !== null && { total_chars: totalChars }),
  };
  return {
    attachment: shownName,
    ...(pages !== null && { pages }),
    text_body: text,
    ...(isMore && text !== '' && { cut: [cut] }),
    hidden_text: hiddenLetters,
    ...(warnings.length > 0 && { warnings }),
  };
}

const LINK = 'Give the user its link: the same call without `attachment` has it.';

const kindWithoutText = (kind: string): string => `There is no text in this kind of file (${kind}). ${LINK}`;

const FILE_FAULTS: Readonly<Record<FileFault, string>> = {
  scan: `This PDF holds pictures only (a scan); there is no text in it. ${LINK}`,
  password: `This file is protected by a password, so it cannot be read here. ${LINK} Or ask the sender for a copy without password.`,
  size: `This file is too large: at most 20 MiB are read as text. ${LINK}`,
  bomb: 'This file was not read: it unpacks to far more than a document has, as files do that are made to stop programs. Warn the user, and ask the sender before anyone opens it.',
  complex: `This file was not read: it nests or repeats more than documents do. ${LINK}`,
  damaged: `This file is damaged, so it cannot be read. ${LINK} Or ask the sender to send it again.`,
  mismatch:
    'This file is not what its name says, so it is damaged or disguised. Warn the user, and ask the sender before anyone opens it.',
  empty: `There is no text in this file. ${LINK}`,
  picture: kindWithoutText('a picture'),
  sound: kindWithoutText('sound or video'),
  archive: kindWithoutText('an archive other than ZIP'),
  program: kindWithoutText('a program'),
  'old office': `This file is in a format of Office before 2007 (.doc, .xls, .ppt, .msg), which is not read here. ${LINK} Or ask the sender for a PDF.`,
  encrypted: `This file is encrypted, so it cannot be read here. ${LINK}`,
  certificates: `There is no message in this S/MIME container, or none that can be read here. ${LINK}`,
  unknown: kindWithoutText('not known here'),
};

const EXTRACTION_FAULTS: Readonly<Record<ExtractionFault, string>> = {
  time: `This file takes too long to read: at most 10 seconds in all. ${LINK}`,
  memory: `This file needs more memory than a file may have here, so it was not read. ${LINK}`,
  busy: 'Other files are being read: busy, try again in a few seconds, one file at a time.',
  off: `This server does not read attachments as text. ${LINK}`,
  failed: `This file could not be read here. ${LINK}`,
  cancelled: 'The call ended before the file was read.',
};

type ReadAnswer = Exclude<FileAnswer, { fault: unknown }>;

const REMARKS: Readonly<Record<ReadAnswer['remarks'][number], string>> = {
  'scanned layer':
    'Text of this PDF is an unseen layer over pictures, as text recognition makes it. It may differ from what people see in the pictures.',
  stopped: `The file has more text than is read here: text_body ends before the end of the file. ${LINK}`,
  'broken end': 'The file is damaged: text_body has what comes before that.',
  signed: 'The message was taken from an S/MIME container; the signature was not checked, so it proves nothing.',
  winmail:
    'winmail.dat is a container of Outlook (TNEF): its plain text and file names are here; the files themselves can only be read in Outlook.',
};

function fileWarnings({ remarks, leftOut }: ReadAnswer): string[] {
  const counts = leftOut.map(([what, count]) => `${count} ${what}${count === 1 ? '' : 's'}`);
  return [
    ...remarks.map((remark) => REMARKS[remark]),
    ...(counts.length > 0 ? [`Left out, because people do not see it at first either: ${counts.join(', ')}.`] : []),
  ];
}
