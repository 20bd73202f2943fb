import { Readable } from 'node:stream';
import { UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import { fetchByUid, peek } from '../imap/fetch.ts';
import { bytesOf } from '../imap/tokens.ts';
import type { Part } from '../mime/body-structure.ts';
import { createTransferDecoder } from '../mime/transfer-encoding.ts';

/** Bytes fetched at a time; two such pieces are in memory. */
const PIECE_BYTES = 512 * 1024;
/** A server that never comes to an end is cut off here. */
const MOST_BYTES = 1024 * 1024 * 1024;

/**
 * The decoded bytes of a part of the open mailbox, fetched piece by piece as they are read; the next piece is under way while one is
 * being consumed. The connection is busy until the stream has ended or was destroyed.
 */
export function streamPart(imap: Imap, uid: number, part: Part): Readable {
  return Readable.from(decodedPieces(imap, uid, part), { objectMode: false, highWaterMark: PIECE_BYTES });
}

async function* decodedPieces(imap: Imap, uid: number, part: Part): AsyncGenerator<Buffer> {
  const decoder = createTransferDecoder(part.encoding);
  let offset = 0;
  let next: Promise<Buffer> | undefined = fetchPiece(imap, uid, part.number, 0);
  try {
    while (next !== undefined) {
      const piece: Buffer = await next;
      offset += piece.length;
      if (offset > MOST_BYTES) throw tooLong();
      // Only a short answer is the end: the size in BODYSTRUCTURE is the server's guess.
      next = piece.length < PIECE_BYTES ? undefined : fetchPiece(imap, uid, part.number, offset);
      const decoded = decoder.push(piece);
      if (decoded.length > 0) yield decoded;
    }
    const rest = decoder.end();
    if (rest.length > 0) yield rest;
  } finally {
    // A reader that leaves early leaves an answer under way.
    await next?.catch(() => undefined);
  }
}

async function fetchPiece(imap: Imap, uid: number, number: string, offset: number): Promise<Buffer> {
  const name = `BODY[${number}]`;
  const fetched = await fetchByUid(imap, [uid], [peek(number, [offset, PIECE_BYTES])], [name]);
  const items = fetched.get(uid);
  if (items === undefined) {
    throw new UpstreamError('IMAP', 'refused', 'The message vanished while it was being read.', { code: 'EXPUNGED' });
  }
  return bytesOf(items.get(name)) ?? Buffer.alloc(0);
}

function tooLong(): UpstreamError {
  return new UpstreamError('IMAP', 'refused', 'The part is larger than what is read here.', { code: 'TOO_LARGE' });
}
