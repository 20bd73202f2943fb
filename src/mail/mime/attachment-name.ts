import libmime from 'libmime';
import type { Part } from './body-structure.ts';

const LONGEST = 200;

/** A file name for a part that is safe to save under: no path, no control or direction characters; one made up if there is none. */
export function attachmentName({ filename, subject, type, number }: Part): string {
  const extension = type === 'message/rfc822' ? 'eml' : libmime.detectExtension(type);
  const given = harmless(filename ?? '');
  if (given !== '') return shorten(given);
  const title = harmless(subject ?? '');
  return shorten(title === '' ? `attachment-${number}.${extension}` : `${title}.${extension}`);
}

/**
 * Path separators and what Windows refuses in a name become `_`. Direction marks go: `gpj.exe` must not read `exe.jpg`. Leading dots
 * would hide the file, trailing ones vanish on Windows.
 */
function harmless(name: string): string {
  return name
    .slice(0, 1_000)
    .replace(/\p{Cf}|\p{Cs}/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '');
}

/** Keeps the extension, which says how to open it. */
function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= LONGEST) return name;
  const extension = /\.[^.]{1,12}$/.exec(name)?.[0] ?? '';
  return `${characters.slice(0, LONGEST - extension.length).join('')}${extension}`;
}
