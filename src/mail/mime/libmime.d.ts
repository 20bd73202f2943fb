/** What we use of libmime, which brings no types. */
declare module 'libmime' {
  const libmime: {
    /** RFC 2047 encoded words of an unstructured header field → Unicode. */
    decodeWords(text: string): string;
    /** One encoded word; the one way in to libmime's charsets, encoding-japanese included. */
    decodeWord(charset: string, encoding: 'B', base64: string): string;
    normalizeCharset(charset: string): string;
    /** RFC 3676; `delSp` is its DelSp parameter. */
    decodeFlowed(text: string, delSp: boolean): string;
    /** `bin` for types it does not know. */
    detectExtension(mediaType: string): string;
  };
  export default libmime;
}
