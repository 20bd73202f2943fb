/** Passes the bytes of a fast server on in slices, so that the event loop does other work between them, and bounds what is kept of them. */
import type { Transform } from 'node:stream';
import { nextTurn } from '../../workers/event-loop.ts';

/** imapflow's stream of responses, with the pieces of the response that is incomplete. */
export interface ResponseStream extends Transform {
  lineBuffer: Buffer[];
  literalBuffer: Buffer[];
  literals: Buffer[];
}

/** More than most answers have. */
const SLICE_BYTES = 96 * 1024;
/** Literals of one response: an envelope has a few for each address. A buffer takes more memory than the bytes of a short one. */
const MAX_LITERALS = 20_000;
/** As many small pieces become one. */
const MERGED_PIECES = 1_000;
const MAX_MERGED_BYTES = 1024 * 1024;

/** Without this, two megabytes that have arrived are read in one turn of the event loop. */
export function readInSlices(stream: ResponseStream): void {
  const transform = stream._transform.bind(stream);
  let bytes = 0;
  let chunks = 0;
  stream._transform = (chunk, encoding, callback) => {
    bytes += chunk.length;
    chunks += 1;
    if (stream.literals.length > MAX_LITERALS) {
      stream.destroy(Object.assign(new Error('too many literals'), { code: 'ResponseTooLarge' }));
    }
    if (chunks % MERGED_PIECES === 0) {
      merge(stream.lineBuffer);
      merge(stream.literalBuffer);
    }
    if (bytes <= SLICE_BYTES && chunks % MERGED_PIECES !== 0) return transform(chunk, encoding, callback);
    bytes = 0;
    void nextTurn().then(() => transform(chunk, encoding, callback));
  };
}

/** A server may send its bytes one by one. */
function merge(pieces: Buffer[]): void {
  const last = pieces.slice(-MERGED_PIECES);
  const length = last.reduce((sum, piece) => sum + piece.length, 0);
  if (last.length === MERGED_PIECES && length <= MAX_MERGED_BYTES) {
    pieces.splice(-MERGED_PIECES, MERGED_PIECES, Buffer.concat(last));
  }
}
