/** Finds the quotation in the HTML of a draft, so that it stays as it is while the words above it are replaced. */

/** Classes and elements with which mail programs begin a quotation. */
const QUOTATION_MARKS = [
  'moz-cite-prefix',
  'moz-forward-container',
  'gmail_quote',
  'divrplyfwdmsg',
  'appendonsend',
  'yahoo_quoted',
  'protonmail_quote',
  '<blockquote',
];
const SIGNATURE_MARKS = ['moz-signature', 'gmail_signature', 'protonmail_signature'];

export interface HtmlParts {
  /** Up to and with the start tag of the body. */
  head: string;
  /** From the signature on; empty if none is marked above the quotation. */
  fromSignature: string;
  /** Empty if none is marked. */
  fromQuotation: string;
}

export function htmlParts(html: string): HtmlParts {
  const lower = html.toLowerCase();
  const body = lower.indexOf('<body');
  const bodyEnd = body < 0 ? -1 : lower.indexOf('>', body);
  const quotation = firstMark(lower, QUOTATION_MARKS);
  const signature = firstMark(lower, SIGNATURE_MARKS);
  const isAbove = signature >= 0 && (quotation < 0 || signature < quotation);
  return {
    head: html.slice(0, bodyEnd + 1),
    fromSignature: isAbove ? html.slice(signature) : '',
    fromQuotation: quotation < 0 ? '' : html.slice(quotation),
  };
}

/** Where the element with the first mark begins; -1 if there is none. */
function firstMark(lower: string, marks: readonly string[]): number {
  const found = marks.map((mark) => lower.indexOf(mark)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : lower.lastIndexOf('<', Math.min(...found));
}

/** True if two texts have the same letters in the same order, whatever marks their quotations. */
export function haveSameLetters(one: string, other: string): boolean {
  return lettersOf(one) === lettersOf(other);
}

const lettersOf = (text: string): string => text.normalize('NFKC').replace(/[^\p{L}\p{N}]+/gu, '');
