/**
 * Reads one file from the standard input, writes its text to the standard output, and ends: the program of an extraction process.
 *
 * The modules for the format are loaded first, then the process is locked down, and only then the file is parsed.
 */
import { readSync, writeSync } from 'node:fs';
import process from 'node:process';
import type { FileAnswer, FileRequest } from '../exchange.ts';
import { detectFormat, type Format, faultOfOldOffice, SAMPLE_BYTES } from '../formats/detect.ts';
import { TextSink } from '../formats/text-sink.ts';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { limitModules, lockDown } from './lockdown.ts';

const STDIN = 0;
const STDOUT = 1;
const PIECE_BYTES = 256 * 1024;
/** More than the parent passes on. */
const MAX_FILE_BYTES = 24 * 1024 * 1024;
/** CPU time after which what has been read is the answer; the parent ends the process at 5 s. */
const MAX_CPU_MS = 3_500;

/** Reads a file of one format. */
type Read = (bytes: Buffer, request: FileRequest, sink: TextSink) => void | Promise<void>;

const READERS: Readonly<Record<Format, () => Promise<Read>>> = {
  async pdf() {
    const { loadPdfReader, readPdf } = await import('../pdf/pdf.ts');
    await loadPdfReader();
    return (bytes, _request, sink) => readPdf(bytes, sink, isLate);
  },
  async zip() {
    const { readZipped } = await import('../office/zipped.ts');
    return (bytes, { name }, sink) => readZipped(bytes, name, sink);
  },
  message: async () => (await loadLetters()).readMessageFile,
  async report() {
    const { readReportFile } = await loadLetters();
    return (bytes, { type }, sink) => readReportFile(bytes, type, sink);
  },
  container: async () => (await loadLetters()).readContainerFile,
  winmail: async () => (await loadLetters()).readWinmailFile,
  text: () => textReader('text'),
  html: () => textReader('html'),
  table: () => textReader('table'),
  calendar: () => textReader('calendar'),
  card: () => textReader('card'),
};

async function textReader(format: 'text' | 'html' | 'table' | 'calendar' | 'card'): Promise<Read> {
  const { loadCharsets, readText } = await import('../formats/texts.ts');
  loadCharsets();
  return (bytes, request, sink) => readText(bytes, format, request, sink);
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

const CLOCK = new Int32Array(new SharedArrayBuffer(4));
const WAIT_MS = 2;

/** Repeats a call until the other end of the pipe is ready for it. */
function whenReady(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(CLOCK, 0, 0, WAIT_MS);
    }
  }
}

/** The standard input, of which some bytes may have been read ahead. */
class Input {
  #ahead: Buffer = Buffer.alloc(0);
  #isAtEnd = false;

  /** The first bytes: as many as requested, unless there are fewer. They stay unread. */
  peek(length: number): Buffer {
    while (this.#ahead.length < length && !this.#isAtEnd) this.#ahead = Buffer.concat([this.#ahead, this.#next()]);
    return this.#ahead;
  }

  /** The first line, without its end. */
  line(): string {
    let end = this.#ahead.indexOf('\n');
    while (end < 0 && !this.#isAtEnd) {
      this.peek(this.#ahead.length + 1);
      end = this.#ahead.indexOf('\n');
    }
    const line = this.#ahead.toString('utf8', 0, Math.max(end, 0));
    this.#ahead = this.#ahead.subarray(end + 1);
    return line;
  }

  /** All bytes that are left. */
  rest(): Buffer {
    const pieces = [this.#ahead];
    let length = this.#ahead.length;
    while (!this.#isAtEnd) {
      const piece = this.#next();
      length += piece.length;
      if (length > MAX_FILE_BYTES) throw new UnreadableFile('size');
      pieces.push(piece);
    }
    return pieces.length === 1 ? this.#ahead : Buffer.concat(pieces);
  }

  #next(): Buffer {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const length = whenReady(() => readSync(STDIN, piece, 0, PIECE_BYTES, null));
    if (length === 0) this.#isAtEnd = true;
    return length * 2 < PIECE_BYTES ? Buffer.from(piece.subarray(0, length)) : piece.subarray(0, length);
  }
}

function answerWith(answer: FileAnswer): void {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let at = 0; at < bytes.length; ) at += whenReady(() => writeSync(STDOUT, bytes, at));
}

async function read(input: Input): Promise<FileAnswer> {
  // The parent is the only one that writes this line.
  const request: FileRequest = JSON.parse(input.line());
  const detected = detectFormat(input.peek(SAMPLE_BYTES), request);
  if ('fault' in detected) {
    lockDown();
    return { fault: detected.fault === 'old office' ? faultOfOldOffice(input.rest()) : detected.fault };
  }
  const reader = await READERS[detected.format]();
  lockDown();
  const bytes = input.rest();
  const sink = new TextSink(request);
  await reader(bytes, request, sink);
  return sink.isBlank && !sink.hasLeftOut ? { fault: 'empty' } : sink.toAnswer();
}

limitModules();
read(new Input())
  .then(answerWith, (error: unknown) => {
    // No answer means that the process failed.
    if (error instanceof UnreadableFile) answerWith({ fault: error.fault });
  })
  .finally(() => exit(0));
