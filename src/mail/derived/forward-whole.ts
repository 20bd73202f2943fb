/** Finds out which messages are forwarded whole, as message/rfc822: those whose parts mean nothing, or something else, outside of them. */
import type { Part } from '../mime/body-structure.ts';

const WHOLE_TYPES =
  /^(?:multipart\/(?:signed|encrypted)|application\/(?:(?:x-)?pkcs7-(?:mime|signature)|pgp-(?:encrypted|signature)|x-microsoft-rpmsg-message))$/;
const WHOLE_NAMES = /\.(?:p7m|p7s|rpmsg)$/i;
const PGP_TEXT = /^-----BEGIN PGP (?:MESSAGE|SIGNED MESSAGE)-----[ \t]*$/m;
/** With more parts not all are listed. */
const MAX_FILES = 200;

export function mustStayWhole(message: {
  structure: Part | null;
  text: string | null;
  isSplitHere: boolean;
  attachments: readonly unknown[];
}): boolean {
  const { structure, text, isSplitHere, attachments } = message;
  const isUnreadable = structure === null || isSplitHere || (text === null && attachments.length === 0);
  return isUnreadable || attachments.length >= MAX_FILES || isProtected(structure) || PGP_TEXT.test(text ?? '');
}

function isProtected({ type, filename, children }: Part): boolean {
  return WHOLE_TYPES.test(type) || WHOLE_NAMES.test(filename?.trim() ?? '') || children.some(isProtected);
}
