/** Reads files that are text: plain text, HTML, tables, calendars, cards, reports. */
import { hiddenLetters } from '../../mail/html/hidden-letters.ts';
import type { Part } from '../../mail/mime/body-structure.ts';
import { decodeBody } from '../../mail/mime/body-text.ts';
import { isKnownCharset } from '../../mail/mime/charset.ts';
import { convertHtml } from '../../mail/mime/convert-parts.ts';
import { readInvitations } from '../../mail/parts/invitation.ts';
import { invitationText, peopleLines } from '../../mail/parts/invitation-words.ts';
import type { FileRequest } from '../exchange.ts';
import { readCards } from './card.ts';
import { readDelimited } from './delimited.ts';
import type { TextSink } from './text-sink.ts';

/** A text has at most four bytes for each character, and markup some more. */
const BYTES_PER_CHAR = 4;
const MIN_TEXT_BYTES = 512 * 1024;
const MAX_TEXT_BYTES = 8 * 1024 * 1024;
/** HTML of this length takes about a second. */
const MAX_HTML_BYTES = 1024 * 1024;

/** Loads the charsets, which otherwise are loaded when the first one is used. */
export function loadCharsets(): void {
  isKnownCharset('windows-1252');
}

export type TextFormat = 'text' | 'html' | 'table' | 'calendar' | 'card';

/** Bytes from the start of a file that have the text that is requested. */
export function bytesNeeded(format: TextFormat, { offset, chars }: FileRequest): number {
  const needed = Math.max((offset + chars) * BYTES_PER_CHAR, MIN_TEXT_BYTES);
  return format === 'html' ? MAX_HTML_BYTES : Math.min(needed, MAX_TEXT_BYTES);
}

export function readText(bytes: Buffer, format: TextFormat, request: FileRequest, sink: TextSink): void {
  const most = bytesNeeded(format, request);
  const isCut = bytes.length > most;
  const type = format === 'html' ? 'text/html' : 'text/plain';
  const text = decodeBody(partOf(type, request.charset), { bytes: bytes.subarray(0, most), isCut });
  switch (format) {
    case 'html':
      readHtml(text, request, sink);
      break;
    case 'table':
      readDelimited(text, sink);
      break;
    case 'calendar':
      readCalendar(text, sink);
      break;
    case 'card':
      readCards(text, sink);
      break;
    case 'text':
      sink.add(text);
  }
  if (isCut) sink.stop(most === MAX_HTML_BYTES || most === MAX_TEXT_BYTES ? 'stopped' : undefined);
}

/** A part of a message that is not encoded. */
export function partOf(type: string, charset: string | null): Part {
  return {
    ...{ number: '1', type, encoding: '8bit', sizeBytes: 0, children: [] },
    ...{ contentId: null, disposition: null, filename: null, subject: null },
    parameters: new Map(charset === null ? [] : [['charset', charset]]),
  };
}

function readHtml(html: string, { offset, chars }: FileRequest, sink: TextSink): void {
  const { text, isWhole, isOverLimit, hidden } = convertHtml({ html, chars: offset + chars + 1 });
  sink.add(text);
  sink.addHiddenLetters(hiddenLetters(hidden, text, false));
  if (!isWhole) sink.stop(isOverLimit ? 'stopped' : undefined);
}

/** Each event with its time, place, people and status; a calendar without events as it is. */
function readCalendar(text: string, sink: TextSink): void {
  const events = readInvitations(text);
  for (const event of events) {
    if (sink.isFull) return;
    const description = event.description === '' ? [] : ['', event.description];
    sink.addBlock([invitationText(event, false), ...peopleLines(event), ...description].join('\n'));
  }
  if (events.length === 0) sink.add(text);
}
