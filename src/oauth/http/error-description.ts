/** Reduces a sentence to the characters that an error_description may have: printable ASCII without quotes and backslashes (RFC 6749 §5.2). */
export const errorDescription = (sentence: string): string =>
  sentence.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
