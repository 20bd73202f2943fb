/**
 * Reads parts that are neither text nor files: reports, invitations, signed containers, winmail.dat.
 *
 * Invariant: nothing that a sender wrote is expanded. Nothing in this folder uses a connection.
 */

import type { Part } from '../mime/body-structure.ts';
import { decodeBody } from '../mime/body-text.ts';
import { decodeTransfer } from '../mime/transfer-encoding.ts';
import { deliveryStatusLines } from './delivery-status.ts';
import { type Invitation, readInvitation } from './invitation.ts';
import { dispositionLines, feedbackLines } from './notifications.ts';
import { readContainer } from './signed-data.ts';
import { SMIME_WARNING, type SpecialPart } from './special-parts.ts';
import { type SplitMessage, splitMessage } from './split-message.ts';
import { readWinmail } from './tnef.ts';

/** A calendar as it is written, for what its invitation does not have. */
export interface CalendarSource {
  text: string;
  /** As those of its invitation. */
  method: string;
  uid: string;
}

export interface SpecialContents {
  /** Lines for the text of the message. */
  lines: string[];
  invitation: Invitation | null;
  /** Those with an event, in the order of the message. */
  calendars: CalendarSource[];
  /** What a signed container holds, to be read like a message. */
  signed: SplitMessage | null;
  /** The text of a winmail.dat, for a message that has none beside it. */
  winmail: SplitMessage | null;
  /** Parts that repeat the calendar of another one. */
  repeated: Part[];
  warnings: string[];
}

/** @param bytes of the parts, as encoded; those that are absent are skipped */
export function readSpecialContents(parts: readonly SpecialPart[], bytes: ReadonlyMap<Part, Buffer>): SpecialContents {
  const found: SpecialContents = {
    lines: [],
    invitation: null,
    calendars: [],
    signed: null,
    winmail: null,
    repeated: [],
    warnings: [],
  };
  const calendars: { part: Part; invitation: Invitation }[] = [];
  for (const { part, kind, maxBytes } of parts) {
    const encoded = bytes.get(part);
    if (encoded === undefined) continue;
    const text = () => decodeBody(part, { bytes: encoded, isCut: encoded.length >= maxBytes });
    switch (kind) {
      case 'delivery status':
        found.lines.push(...deliveryStatusLines(text()));
        break;
      case 'disposition':
        found.lines.push(...dispositionLines(text()));
        break;
      case 'feedback':
        found.lines.push(...feedbackLines(text()));
        break;
      case 'calendar': {
        const written = text();
        const invitation = readInvitation(written);
        // Some programs write the method only there (RFC 6047 §2.4).
        const method = invitation?.method || (part.parameters.get('method') ?? '').trim().toUpperCase().slice(0, 40);
        if (invitation !== null) {
          calendars.push({ part, invitation: { ...invitation, method } });
          found.calendars.push({ text: written, method, uid: invitation.uid });
        }
        break;
      }
      case 'container':
        addContainer(found, decodeTransfer(encoded, part.encoding));
        break;
      case 'winmail':
        addWinmail(found, decodeTransfer(encoded, part.encoding));
        break;
    }
  }
  const [first] = calendars.filter(({ invitation }) => invitation.method !== '');
  return { ...found, invitation: (first ?? calendars[0])?.invitation ?? null, repeated: repeatedOf(calendars) };
}

/** Of calendars that say the same the one with a file name stays, which people see as a file. */
function repeatedOf(calendars: readonly { part: Part; invitation: Invitation }[]): Part[] {
  const key = ({ uid, sequence, start }: Invitation) => JSON.stringify([uid, sequence, start]);
  const groups = Map.groupBy(calendars, ({ invitation }) => key(invitation));
  return [...groups.values()].flatMap((group) => {
    const kept = group.find(({ part }) => part.filename !== null) ?? group[0];
    return group.filter((each) => each !== kept).map(({ part }) => part);
  });
}

function addContainer(found: SpecialContents, bytes: Buffer): void {
  const container = readContainer(bytes);
  switch (container.kind) {
    case 'signed':
      found.signed ??= splitMessage(container.content);
      found.warnings.push(SIGNED_WARNING);
      break;
    case 'encrypted':
      found.warnings.push(SMIME_WARNING);
      break;
    case 'compressed':
      found.warnings.push(COMPRESSED_WARNING);
      break;
    case 'certificates':
      found.warnings.push(CERTIFICATES_WARNING);
      break;
    case 'unknown':
      found.warnings.push(UNKNOWN_CONTAINER_WARNING);
  }
}

function addWinmail(found: SpecialContents, bytes: Buffer): void {
  const winmail = readWinmail(bytes);
  found.warnings.push(winmail === null ? DAMAGED_WINMAIL_WARNING : WINMAIL_WARNING);
  if (winmail === null) return;
  const { body, fileNames, isCut } = winmail;
  if (body !== null) {
    const header = `Content-Type: ${body.type}; charset=utf-8\r\n\r\n`;
    found.winmail ??= splitMessage(Buffer.from(`${header}${body.text}`));
  }
  if (fileNames.length > 0) {
    found.lines.push(`Files in winmail.dat: ${fileNames.join(', ')}${isCut ? ', and perhaps more' : ''}`);
  }
}

const SIGNED_WARNING =
  'This message is signed (S/MIME) in a container, smime.p7m. Its text was taken from there; the signature was not checked, so it proves nothing.';
const COMPRESSED_WARNING =
  'The content of this message is compressed (S/MIME), so it cannot be read here. It can be read in a mail program with S/MIME.';
const CERTIFICATES_WARNING = 'smime.p7m of this message only brings certificates (S/MIME); there is no text in it.';
const UNKNOWN_CONTAINER_WARNING =
  'smime.p7m of this message is an S/MIME container that cannot be read here. It may be encrypted or signed; it can be read in a mail program with S/MIME.';
const WINMAIL_WARNING =
  'winmail.dat is a container of Outlook (TNEF). What its plain text and file names say is in text_body; formatted text and the files themselves can only be read in Outlook or with a TNEF program.';
const DAMAGED_WINMAIL_WARNING =
  'winmail.dat is a container of Outlook (TNEF) that is damaged or cannot be read here. Ask the sender to send the message as HTML or plain text.';
