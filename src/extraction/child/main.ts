/**
 * Reads one file from the standard input, writes its text to the standard output, and ends: the program of an extraction process.
 *
 * The modules for the format are loaded first, then the process is locked down, and only then the file is parsed.
 */
import process from 'node:process';
import { toAnswerBytes } from '../answer-bytes.ts';
import type { FileAnswer, FileRequest } from '../exchange.ts';
import { detectFormat, type Format, faultOfOldOffice, SAMPLE_BYTES } from '../formats/detect.ts';
import { TextSink } from '../formats/text-sink.ts';
import type { TextFormat } from '../formats/texts.ts';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { limitModules, lockDown } from './lockdown.ts';
import { Input, writeOutput } from './pipes.ts';

/** More than the parent passes on. */
const MAX_FILE_BYTES = 24 * 1024 * 1024;
/** CPU time after which what has been read is the answer; the parent ends the process at 5 s. */
const MAX_CPU_MS = 3_500;

/** Reads files of one format. */
interface Reader {
  read(bytes: Buffer, request: FileRequest, sink: TextSink): void | Promise<void>;
  /** Bytes from the start of the file that are enough. Absent: the whole file is needed. */
  enough?(request: FileRequest): number;
}

const READERS: Readonly<Record<Format, () => Promise<Reader>>> = {
  async pdf() {
    const { loadPdfReader, readPdf } = await import('../pdf/pdf.ts');
    await loadPdfReader();
    return { read: (bytes, _request, sink) => readPdf(bytes, sink, isLate) };
  },
  async zip() {
    const { readZipped } = await import('../office/zipped.ts');
    return { read: (bytes, { name }, sink) => readZipped(bytes, name, sink) };
  },
  message: async () => ({ read: (await loadLetters()).readMessageFile }),
  async report() {
    const { readReportFile } = await loadLetters();
    return { read: (bytes, { type }, sink) => readReportFile(bytes, type, sink), enough: () => MAX_REPORT_BYTES };
  },
  container: async () => ({ read: (await loadLetters()).readContainerFile }),
  winmail: async () => ({ read: (await loadLetters()).readWinmailFile }),
  text: () => textReader('text'),
  html: () => textReader('html'),
  table: () => textReader('table'),
  calendar: () => textReader('calendar'),
  card: () => textReader('card'),
};

const MAX_REPORT_BYTES = 256 * 1024;

async function textReader(format: TextFormat): Promise<Reader> {
  const { bytesNeeded, loadCharsets, readText } = await import('../formats/texts.ts');
  loadCharsets();
  return {
    read: (bytes, request, sink) => readText(bytes, format, request, sink),
    // One byte more shows that there is more.
    enough: (request) => bytesNeeded(format, request) + 1,
  };
}

async function loadLetters() {
  const [letters, { loadCharsets }] = await Promise.all([
    import('../formats/letter.ts'),
    import('../formats/texts.ts'),
  ]);
  loadCharsets();
  return letters;
}

const cpuUsage = process.cpuUsage.bind(process);
const exit = process.exit.bind(process);

function isLate(): boolean {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000 > MAX_CPU_MS;
}

function answerWith(answer: FileAnswer): void {
  writeOutput(toAnswerBytes(answer));
}

async function read(input: Input): Promise<FileAnswer> {
  // The parent is the only one that writes this line.
  const request: FileRequest = JSON.parse(input.line());
  const detected = detectFormat(input.peek(SAMPLE_BYTES), request);
  if ('fault' in detected) {
    lockDown();
    return { fault: detected.fault === 'old office' ? faultOfOldOffice(takeWhole(input, request)) : detected.fault };
  }
  const { read: readInto, enough } = await READERS[detected.format]();
  lockDown();
  const bytes =
    enough === undefined
      ? takeWhole(input, request)
      : input.take(enough(request), Math.min(enough(request), request.sizeBytes));
  const sink = new TextSink(request);
  await readInto(bytes, request, sink);
  return sink.isBlank && !sink.hasLeftOut ? { fault: 'empty' } : sink.toAnswer();
}

function takeWhole(input: Input, { sizeBytes }: FileRequest): Buffer {
  const bytes = input.take(MAX_FILE_BYTES, sizeBytes);
  if (bytes.length === MAX_FILE_BYTES) throw new UnreadableFile('size');
  return bytes;
}

limitModules();
read(new Input())
  .then(answerWith, (error: unknown) => {
    // No answer means that the process failed.
    if (error instanceof UnreadableFile) answerWith({ fault: error.fault });
  })
  .finally(() => exit(0));
