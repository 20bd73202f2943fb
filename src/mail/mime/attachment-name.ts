/** Makes the file name of an attachment safe to save under. */
import libmime from 'libmime';
import type { Part } from './body-structure.ts';

const MAX_CHARS = 200;

/** The file name without path, control characters and direction marks. A part without a name is named by its subject, number and type. */
export function attachmentName({ filename, subject, type, number }: Part): string {
  const extension = type === 'message/rfc822' ? 'eml' : libmime.detectExtension(type);
  const given = withoutUnsafeCharacters(filename ?? '');
  if (given !== '') return limitLength(given);
  const title = withoutUnsafeCharacters(subject ?? '');
  return limitLength(title === '' ? `attachment-${number}.${extension}` : `${title}.${extension}`);
}

/**
 * Path separators and characters that Windows refuses become `_`. Direction marks are removed, because they can
 * make `gpj.exe` look like `exe.jpg`.
 * Leading dots would hide the file; Windows drops trailing ones.
 */
function withoutUnsafeCharacters(name: string): string {
  return name
    .slice(0, 1_000)
    .replace(/\p{Cf}|\p{Cs}/gu, '')
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
