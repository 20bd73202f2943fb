/** Declares the part of libmime that is used here; the package has no types. */
declare module 'libmime' {
  const libmime: {
    /** RFC 2047 encoded words of an unstructured header field → Unicode. */
    decodeWords(text: string): string;
    /** Decodes one encoded word; the only access to all charsets of libmime, encoding-japanese included. */
    decodeWord(charset: string, encoding: 'B', base64: string): string;
    normalizeCharset(charset: string): string;
    /** RFC 3676; `delSp` is its DelSp parameter. */
    decodeFlowed(text: string, delSp: boolean): string;
    /** `bin` for unknown types. */
    detectExtension(mediaType: string): string;
  };
  export default libmime;
}
