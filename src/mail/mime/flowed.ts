/** Undoes the line breaks of format=flowed (RFC 3676 §4). */

/**
 * Joins lines that end in a blank with the next one of the same quote depth. Quoted lines keep one `>` for each level, and a blank behind them.
 *
 * @param text with LF line ends
 * @param isDelSp true for `DelSp=yes`: the blank at the end of a line was added by the sender's program
 */
export function unfoldFlowed(text: string, isDelSp: boolean): string {
  const paragraphs: string[] = [];
  let open: { depth: number; pieces: string[] } | undefined;
  const close = () => {
    if (open !== undefined) paragraphs.push(quoted(open.depth, open.pieces.join('')));
    open = undefined;
  };
  for (const line of text.split('\n')) {
    const [marks = ''] = /^>*/.exec(line) ?? [];
    const depth = marks.length;
    // A blank at the start was added so that the line does not look quoted, or like a line of mbox (§4.4).
    const content = line.slice(depth).replace(/^ /, '');
    const isSignature = content === '-- ';
    // An empty line sets paragraphs apart, also where the one before it ends in a blank.
    if (open !== undefined && (open.depth !== depth || isSignature || content === '')) close();
    const isFlowed = content.endsWith(' ') && !isSignature;
    open ??= { depth, pieces: [] };
    open.pieces.push(isFlowed && isDelSp ? content.slice(0, -1) : content);
    if (!isFlowed) close();
  }
  close();
  return paragraphs.join('\n');
}

function quoted(depth: number, text: string): string {
  if (depth === 0) return text;
  return text === '' ? '>'.repeat(depth) : `${'>'.repeat(depth)} ${text}`;
}
