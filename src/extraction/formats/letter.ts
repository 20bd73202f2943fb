/** Reads an attached message: its header, its text, what is in its containers, and the messages that are attached to it. */
import { hiddenLetters } from '../../mail/html/hidden-letters.ts';
import { assembleBody, type BodyPlan, fallbackText, planBody } from '../../mail/mime/body.ts';
import type { Part } from '../../mail/mime/body-structure.ts';
import { decodeHeader } from '../../mail/mime/charset.ts';
import { convertParts } from '../../mail/mime/convert-parts.ts';
import { invitationText } from '../../mail/parts/invitation-words.ts';
import { readSpecialContents, type SpecialContents } from '../../mail/parts/special-contents.ts';
import { findSpecialParts, SMIME_WARNING, type SpecialPart } from '../../mail/parts/special-parts.ts';
import { type SplitMessage, splitMessage } from '../../mail/parts/split-message.ts';
import type { FileRequest } from '../exchange.ts';
import type { TextSink } from './text-sink.ts';
import { partOf } from './texts.ts';
import { UnreadableFile } from './unreadable-file.ts';

/** Messages in messages, and containers in containers. */
const MAX_LEVELS = 4;
/** Messages of a file, whatever their level. */
const MAX_MESSAGES = 100;
const MAX_MS = 2_500;
const MAX_HEADER_BYTES = 64 * 1024;

interface Reading {
  sink: TextSink;
  chars: number;
  level: number;
  left: { messages: number };
}

export function readMessageFile(bytes: Buffer, request: FileRequest, sink: TextSink): void {
  const chars = request.offset + request.chars + 1;
  readMessage(bytes, { sink, chars, level: 0, left: { messages: MAX_MESSAGES } });
}

function readMessage(bytes: Buffer, reading: Reading): void {
  const { sink, left } = reading;
  left.messages -= 1;
  if (left.messages < 0) {
    sink.stop('stopped');
    return;
  }
  sink.addBlock(headerLines(bytes).join('\n'));
  readSplit(splitMessage(bytes), reading);
}

const FIELDS = ['From', 'To', 'Cc', 'Date', 'Subject'];

/** The fields that people read, each on a line. */
function headerLines(bytes: Buffer): string[] {
  const start = bytes.toString('latin1', 0, MAX_HEADER_BYTES);
  const end = /\r?\n[ \t]*\r?\n/.exec(start)?.index ?? start.length;
  const lines = start
    .slice(0, end)
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  return FIELDS.flatMap((name) => {
    const line = lines.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name.toLowerCase()}:`);
    const value = line === undefined ? '' : decodeHeader(Buffer.from(line.slice(name.length + 1).trim(), 'latin1'));
    return value === '' ? [] : [`${name}: ${value}`];
  });
}

function readSplit(split: SplitMessage, reading: Reading): void {
  const { sink, level } = reading;
  const plan = planBody(split.structure, 'text');
  const body = convertBody(plan, split.bytes, reading.chars);
  const special = findSpecialParts(split.structure);
  const found = readSpecialContents(special, split.bytes);
  sink.addBlock(body.text);
  sink.addHiddenLetters(hiddenLetters(body.hidden, body.text, false));
  if (!body.isWhole) sink.stop();
  addContents(found, body.text, reading);
  const { attachments } = assembleBody(plan, new Map());
  const files = attachments.filter(({ inline, contentType }) => !inline && !isMessage(contentType));
  const names = files.map(({ shownName }) => shownName.replace(/\s+/g, ' '));
  if (names.length > 0) sink.addBlock(`Files in this message: ${names.join(', ')}`);
  for (const { part, contentType } of attachments) {
    const bytes = isMessage(contentType) ? bytesOfPart(split, part) : undefined;
    if (bytes === undefined || sink.isFull) continue;
    if (level >= MAX_LEVELS) {
      sink.stop('stopped');
      return;
    }
    sink.addBlock('--- Attached message ---');
    readMessage(bytes, { ...reading, level: level + 1 });
  }
}

const isMessage = (type: string): boolean => /^message\/(?:rfc822|global)$/.test(type);

function bytesOfPart({ bytes }: SplitMessage, number: string): Buffer | undefined {
  return [...bytes].find(([part]) => part.number === number)?.[1];
}

/** The text; that of the HTML if there is none. */
function convertBody(plan: BodyPlan, bytes: ReadonlyMap<Part, Buffer>, chars: number) {
  const first = convert(plan.wanted, bytes, chars);
  const body = assembleBody(plan, first.converted);
  if (body.text?.trim() || plan.fallbackParts.length === 0) {
    return { text: body.text?.trim() ?? '', hidden: body.hidden, isWhole: first.isWhole };
  }
  const second = convert(plan.fallbackParts, bytes, chars);
  const { text, hidden } = fallbackText(plan, second.converted);
  return { text: text?.trim() ?? '', hidden, isWhole: second.isWhole };
}

function convert(parts: readonly Part[], bytes: ReadonlyMap<Part, Buffer>, chars: number) {
  const input = parts.map((part) => ({
    ...{ part, isForText: true, isForHtml: false },
    range: { bytes: bytes.get(part) ?? Buffer.alloc(0), isCut: false },
  }));
  const output = convertParts({ parts: input, textChars: chars, htmlChars: 0, maxMs: MAX_MS });
  const converted = new Map(
    parts.flatMap((part, index) => {
      const made = output.parts[index];
      return made === undefined ? [] : [[part, made] as const];
    }),
  );
  return { converted, isWhole: output.isTextWhole };
}

function addContents(found: SpecialContents, text: string, reading: Reading): void {
  const { sink, level } = reading;
  if (found.invitation !== null) sink.addBlock(invitationText(found.invitation, text === ''));
  if (found.lines.length > 0) sink.addBlock(found.lines.join('\n'));
  const inner = found.signed ?? (text === '' ? found.winmail : null);
  if (found.signed !== null) sink.remark('signed');
  if (inner !== null && level < MAX_LEVELS) readSplit(inner, { ...reading, level: level + 1 });
}

/** Reports of mail servers and mail programs: what became of a message. */
export function readReportFile(bytes: Buffer, type: string, sink: TextSink): void {
  const kind = type.includes('delivery') ? 'delivery status' : type.includes('feedback') ? 'feedback' : 'disposition';
  const { lines } = readPart(bytes, { type, kind });
  sink.add(lines.length > 0 ? lines.join('\n') : bytes.toString('latin1', 0, MAX_REPORT_CHARS));
}

const MAX_REPORT_CHARS = 20_000;

/** `smime.p7m`. @throws {UnreadableFile} if there is no message in it that can be read */
export function readContainerFile(bytes: Buffer, request: FileRequest, sink: TextSink): void {
  const { signed, warnings } = readPart(bytes, { type: 'application/pkcs7-mime', kind: 'container' });
  if (signed === null) throw new UnreadableFile(warnings.includes(SMIME_WARNING) ? 'encrypted' : 'certificates');
  sink.remark('signed');
  const chars = request.offset + request.chars + 1;
  readSplit(signed, { sink, chars, level: 1, left: { messages: MAX_MESSAGES } });
}

/** `winmail.dat` of Outlook. */
export function readWinmailFile(bytes: Buffer, request: FileRequest, sink: TextSink): void {
  const { winmail, lines } = readPart(bytes, { type: 'application/ms-tnef', kind: 'winmail' });
  if (winmail === null && lines.length === 0) throw new UnreadableFile('damaged');
  sink.remark('winmail');
  const chars = request.offset + request.chars + 1;
  if (winmail !== null) readSplit(winmail, { sink, chars, level: 1, left: { messages: MAX_MESSAGES } });
  if (lines.length > 0) sink.addBlock(lines.join('\n'));
}

function readPart(bytes: Buffer, { type, kind }: { type: string; kind: SpecialPart['kind'] }): SpecialContents {
  const part = partOf(type, null);
  return readSpecialContents([{ part, kind, maxBytes: bytes.length + 1 }], new Map([[part, bytes]]));
}
