/** Finds in the structure of a message what a list shows of it: files, and whether it is an invitation. */
import { type Attachment, toAttachment } from './body.ts';
import { findBodyParts } from './body-parts.ts';
import { leavesOf, type Part } from './body-structure.ts';

export interface ListedFiles {
  /** Attachments that the text does not show in place, in the order of the message. An invitation itself is none of them. */
  files: Attachment[];
  /** True if the message asks for an answer to an event (RFC 6047 §2.4, RFC 5546 §3.2.2). */
  isInvite: boolean;
}

export function listFiles(structure: Part): ListedFiles {
  const isInvite = leavesOf(structure).some(isRequest);
  const attached = findBodyParts(structure).attachments.filter(({ inline }) => !inline);
  const files = isInvite ? attached.filter(({ part }) => !isCalendar(part)) : attached;
  return { files: files.map(toAttachment), isInvite };
}

/** A calendar without a method is an invitation only where it is a form of the text itself. */
function isRequest(part: Part): boolean {
  if (!isCalendar(part)) return false;
  const method = part.parameters.get('method')?.trim().toLowerCase();
  return method === 'request' || (method === undefined && part.disposition === null && part.filename === null);
}

function isCalendar({ type }: Part): boolean {
  return type === 'text/calendar' || type === 'application/ics';
}
