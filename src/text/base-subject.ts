/** Finds what a subject is about: the base subject of RFC 5256 §2.1, with the prefixes that programs write in the languages of most mail. */

export interface BaseSubject {
  /** In lower case, with single blanks; empty if the subject says nothing. */
  base: string;
  /** True if a prefix says that the message answers another. */
  isReply: boolean;
  isForward: boolean;
}

const MAX_CHARS = 1_000;
/** Prefixes in front of one another. */
const MAX_PREFIXES = 50;

const REPLY =
  're|aw|sv|vs|ref|res|rif|odp|ynt|antw?|atb|bls|hal|vá|απ|σχετ|отв|ответ|відп|отг|קוב|ביחס|رد|回复|回覆|答复|答覆|返信|回信|답장|회신|ตอบ|ตอบกลับ|trả lời|bal|balas|r';
const FORWARD =
  'fwd?|fw|wg|tr|rv|enc|encaminhada|reenv|inoltro|i|doorst|vb|vl|vst|pd|ilt|továbbítás|fwd|προωθ|πρθ|пересл|перес|пер|нп|הועבר|إعادة توجيه|转发|轉寄|轉發|転送|전달|ส่งต่อ|chuyển tiếp|trs|terusan';

/** `Re:`, `RE[2]:`, `AW (3):`, `Re^2:`; the Chinese colon too. */
const PREFIX = new RegExp(
  `^(?:(${REPLY})|(${FORWARD}))\\s?(?:\\[\\d{1,4}\\]|\\(\\d{1,4}\\)|\\^\\d{1,4}|\\s\\d{1,3})?\\s?[:：]\\s*`,
  'iu',
);
/** The name of a mailing list, or the mark of a mail server: `[harbour] `, `[EXT] `. */
const BLOB = /^\[[^[\]]{1,100}\]\s*/;
/** `[Fwd: subject]`. */
const WRAPPED = /^\[\s?(?:fwd?|fw)\s?:(.*)\]$/i;
const TRAILER = /\s*\(fwd\)$/i;

export function baseSubjectOf(subject: string): BaseSubject {
  let rest = subject.slice(0, MAX_CHARS).normalize('NFKC').replace(/\s+/gu, ' ').trim();
  let isReply = false;
  let isForward = false;
  for (let count = 0; count < MAX_PREFIXES; count += 1) {
    const prefix = PREFIX.exec(rest);
    const wrapped = WRAPPED.exec(rest);
    const blob = BLOB.exec(rest)?.[0] ?? '';
    const before = rest;
    isReply ||= prefix?.[1] !== undefined;
    isForward ||= prefix?.[2] !== undefined || wrapped !== null || TRAILER.test(rest);
    if (prefix !== null) rest = rest.slice(prefix[0].length);
    else if (wrapped !== null) rest = (wrapped[1] ?? '').trim();
    // A subject of nothing but a blob is about it.
    else if (blob !== '' && blob.length < rest.length) rest = rest.slice(blob.length);
    rest = rest.replace(TRAILER, '');
    if (rest === before) break;
  }
  return { base: rest.toLowerCase(), isReply, isForward };
}

/**
 * The subject of an answer or of a forwarded message: one prefix, in place of those of the same kind that the original begins with, in any
 * language. The mark of a mailing list stays.
 *
 * @param subject one line
 */
export function prefixedSubject(subject: string, prefix: 'Re' | 'Fwd'): string {
  const kind = prefix === 'Re' ? 1 : 2;
  let rest = subject.replace(/\s+/gu, ' ').trim();
  let blobs = '';
  for (let count = 0; count < MAX_PREFIXES; count += 1) {
    const found = PREFIX.exec(rest);
    const blob = BLOB.exec(rest)?.[0] ?? '';
    if (found?.[kind] !== undefined) rest = rest.slice(found[0].length);
    else if (found === null && blob !== '' && hasPrefix(rest.slice(blob.length), kind)) {
      blobs += blob;
      rest = rest.slice(blob.length);
    } else break;
  }
  return `${prefix}: ${blobs}${rest}`.trim();
}

const hasPrefix = (text: string, kind: 1 | 2): boolean => PREFIX.exec(text)?.[kind] !== undefined;
