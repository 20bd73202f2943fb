/** Streams one part of a message, piece by piece as it is read. */
import { Readable } from 'node:stream';
import { UpstreamError } from '../../errors.ts';
import { bytesOf } from '../imap/data-formats.ts';
import { fetchByUid, peek } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { decodePieces, type EncodedPart } from '../mime/body.ts';

/** Bytes fetched at a time; two such pieces are in memory. */
const PIECE_BYTES = 512 * 1024;
/** Limit for a server that keeps sending a part without end. */
const MAX_PART_BYTES = 1024 * 1024 * 1024;

/**
 * The decoded bytes of a part of a message in the selected mailbox. The next piece is fetched while one is consumed. The connection is busy
 * until the stream has ended or is destroyed.
 */
export function streamPart(imap: ImapConnection, uid: number, part: EncodedPart): Readable {
  const pieces = decodePieces(part, fetchPieces(imap, uid, part.number));
  return Readable.from(pieces, { objectMode: false, highWaterMark: PIECE_BYTES });
}

async function* fetchPieces(imap: ImapConnection, uid: number, number: string): AsyncGenerator<Buffer> {
  let offset = 0;
  let next: Promise<Buffer> | undefined = fetchPiece(imap, uid, number, 0);
  try {
    while (next !== undefined) {
      const piece: Buffer = await next;
      offset += piece.length;
      if (offset > MAX_PART_BYTES) throw tooLong();
      // Only a response shorter than requested marks the end: the size in BODYSTRUCTURE is an estimate of the server.
      next = piece.length < PIECE_BYTES ? undefined : fetchPiece(imap, uid, number, offset);
      yield piece;
    }
  } finally {
    // If the reader stops early, one response is still outstanding.
    await next?.catch(() => undefined);
  }
}

async function fetchPiece(imap: ImapConnection, uid: number, number: string, offset: number): Promise<Buffer> {
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
