/** Declares the parser of css-tree alone: the whole package takes four times the memory. */
declare module 'css-tree/parser' {
  import type { parse } from 'css-tree';

  const parser: typeof parse;
  export default parser;
}
