/** Reduces a sentence to the characters that an error_description may have (RFC 6749 §5.2, RFC 6750 §3): printable ASCII, nothing that ends a quoted string. */
export const errorDescription = (sentence: string): string =>
  sentence.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
