/** Finds the part of a message that a caller means: by part number, by file name, or by both as rows show them. */
import { ToolError } from '../../errors.ts';
import { looksOf } from '../../text/name-escapes.ts';
import { quoteName } from '../mailbox-name.ts';
import { type Attachment, toAttachment } from '../mime/body.ts';
import type { Part } from '../mime/body-structure.ts';

export interface NamedPart {
  part: Part;
  attachment: Attachment;
}

/** Files that an error names. */
const MAX_NAMED = 20;

/**
 * @param parts of the message, as readAllParts() returns them
 * @param named `2`, `Rechnung.pdf` or `2 Rechnung.pdf`
 * @throws {ToolError} if no part or several parts have the name; it says what there is
 */
export function findNamedPart(parts: readonly Part[], named: string): NamedPart {
  const all = parts.map((part) => ({ part, attachment: toAttachment({ part, inline: false }) }));
  const [found, other] = candidates(all, named.trim());
  if (found !== undefined && other === undefined) return found;
  const files = all.filter(
    ({ part }) => part.filename !== null || part.disposition === 'attachment' || isMessage(part),
  );
  if (found === undefined) {
    const list = files.length === 0 ? 'It has no attachments.' : `It has: ${listOf(files)}.`;
    throw new ToolError(`The message has no attachment ${quoteName(named)}. ${list}`);
  }
  const same = all.filter(({ attachment }) => looksOf(attachment.shownName) === looksOf(found.attachment.shownName));
  throw new ToolError(`Several files have this name. Pass the part number: ${listOf(same)}.`);
}

const isMessage = ({ type }: Part): boolean => /^message\/(?:rfc822|global)$/.test(type);

/** By the closest of four readings that any part has. */
function candidates(all: readonly NamedPart[], named: string): NamedPart[] {
  const [, number, rest] = /^(\d+(?:\.\d+)*)[ \t]+(.+)$/s.exec(named) ?? [];
  const hasName = (name: string) => (each: NamedPart) =>
    each.attachment.shownName === name || each.attachment.filename === name || each.part.filename === name;
  const looksLike = (name: string) => (each: NamedPart) =>
    looksOf(each.attachment.shownName).toLowerCase() === looksOf(name).toLowerCase();
  const own = all.filter((each) => !isWithinAnother(each, all));
  const readings = [
    ({ part }: NamedPart) => part.number === named,
    hasName(named),
    looksLike(named),
    (each: NamedPart) => rest !== undefined && each.part.number === number && looksLike(rest)(each),
  ];
  // A file of the message itself comes before one of an attached message.
  for (const some of [own, all]) {
    for (const reading of readings) {
      const found = some.filter(reading);
      if (found.length > 0) return found;
    }
  }
  return [];
}

function isWithinAnother({ part }: NamedPart, all: readonly NamedPart[]): boolean {
  return all.some((other) => isMessage(other.part) && part.number.startsWith(`${other.part.number}.`));
}

function listOf(parts: readonly NamedPart[]): string {
  const shown = parts
    .slice(0, MAX_NAMED)
    .map(({ part, attachment }) => `${part.number} ${quoteName(attachment.shownName)}`);
  return [...shown, ...(parts.length > MAX_NAMED ? [`${parts.length - MAX_NAMED} more`] : [])].join(', ');
}
