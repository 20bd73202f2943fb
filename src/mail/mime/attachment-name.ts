/** Makes the file name of an attachment safe to save under. */
import libmime from 'libmime';
import { visibleLine } from '../../text/visible-text.ts';
import type { Part } from './body-structure.ts';

const MAX_CHARS = 200;

/** The file name without path, control characters and what people cannot see. A part without a name is named by its subject, number and type. */
export function attachmentName(part: Part): string {
  return nameOf(part, (name) => visibleLine(name).text);
}

/** The same name with what people cannot see, which a result escapes. */
export function shownAttachmentName(part: Part): string {
  return nameOf(part, (name) => name);
}

/** Types for which libmime has no extension, or none that programs open. */
const EXTENSIONS: readonly [RegExp, string][] = [
  [/^message\/(?:rfc822|global)$/, 'eml'],
  [/^message\/(?:global-)?(?:delivery-status|disposition-notification)$|^message\/feedback-report$/, 'txt'],
  [/^application\/ics$/, 'ics'],
];

function nameOf({ filename, subject, type, number }: Part, clean: (name: string) => string): string {
  const extension = EXTENSIONS.find(([types]) => types.test(type))?.[1] ?? libmime.detectExtension(type);
  const safe = (name: string | null) =>
    withoutUnsafeCharacters(clean(withoutUnsafeCharacters((name ?? '').slice(0, 1_000))));
  const given = safe(filename);
  if (given !== '') return limitLength(given);
  const title = safe(subject);
  return limitLength(title === '' ? `attachment-${number}.${extension}` : `${title}.${extension}`);
}

/**
 * Path separators and characters that Windows refuses become `_`.
 * Leading dots would hide the file; Windows drops trailing ones.
 */
function withoutUnsafeCharacters(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '');
}

/** Keeps the extension, which selects the program that opens the file. */
function limitLength(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_CHARS) return name;
  const extension = /\.[^.]{1,12}$/.exec(name)?.[0] ?? '';
  return `${characters.slice(0, MAX_CHARS - extension.length).join('')}${extension}`;
}
