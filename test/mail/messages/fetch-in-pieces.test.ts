import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { fetchInPieces, isCausedByMessage } from '../../../src/mail/messages/fetch-in-pieces.ts';

/** A server that fails on a piece with one of the bad UIDs, unless the set of items is `few`. */
function serverWith(bad: readonly number[]) {
  const pieces: number[][] = [];
  const fetch = async (piece: readonly number[], itemSets: readonly string[]) => {
    pieces.push([...piece]);
    const fails = itemSets[0] !== 'few' && piece.some((uid) => bad.includes(uid));
    return fails ? null : piece.map((uid) => `${uid} ${itemSets[0]}`);
  };
  return { fetch, pieces };
}

describe('fetching in pieces', () => {
  test('halves a piece that fails until only the bad message is left', async () => {
    const { fetch, pieces } = serverWith([3]);
    const { fetched, unfetched } = await fetchInPieces([1, 2, 3, 4], ['all'], fetch);
    expect(fetched).toEqual(['1 all', '2 all', '4 all']);
    expect([...unfetched]).toEqual([3]);
    expect(pieces).toEqual([[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]);
  });

  test('fetches fewer items of a message that fails', async () => {
    const { fetched, unfetched } = await fetchInPieces([1, 2], ['all', 'few'], serverWith([2]).fetch);
    expect(fetched).toEqual(['1 all', '2 few']);
    expect(unfetched.size).toBe(0);
  });

  test('is refused if no message of several can be fetched', async () => {
    const uids = [1, 2, 3];
    await expect(fetchInPieces(uids, ['all'], serverWith(uids).fetch)).rejects.toMatchObject({ fault: 'refused' });
  });

  test('ends after a bounded number of failures', async () => {
    const uids = Array.from({ length: 100 }, (_, n) => n + 1);
    const { fetch, pieces } = serverWith(uids.filter((uid) => uid % 2 === 0));
    const { unfetched } = await fetchInPieces(uids, ['all'], fetch);
    expect(unfetched.size).toBeGreaterThan(0);
    expect(pieces.length).toBeLessThan(60);
  });
});

test.each([
  ['CONNECTION_LOST', true],
  ['SERVERBUG', true],
  ['PROTOCOL_UnexpectedTag', true],
  ['ETIMEDOUT', false],
])('%s can be caused by a message: %s', (code, expected) => {
  expect(isCausedByMessage(new UpstreamError('IMAP', 'refused', 'no', { code }))).toBe(expected);
});
