/** The rules that every kind of state keeps, as tests. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { State } from '../../src/state/state.ts';
import { waitUntil } from './app/wait-until.ts';

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

/** @param create opens a state whose clock is that of this process */
export function describeStateRules(where: string, create: () => Promise<State>): void {
  describe(`state ${where}`, () => {
    let state: State;
    beforeAll(async () => {
      state = await create();
    });
    afterAll(() => state.close());

    describe('claims', () => describeClaims(() => state));
    describe('counts', () => describeCounts(() => state));
    describe('notes', () => describeNotes(() => state));
  });
}

function describeClaims(getState: () => State): void {
  test('of many simultaneous claims exactly one gets the key', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => getState().claim('code:1', inSeconds(60))));
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
  });

  test('a later claim returns when the key was claimed', async () => {
    const before = Date.now();
    await getState().claim('code:2', inSeconds(60));
    const after = Date.now();
    const claimedAt = (await getState().claim('code:2', inSeconds(60)))?.getTime();
    expect(claimedAt).toBeGreaterThanOrEqual(before);
    expect(claimedAt).toBeLessThanOrEqual(after);
    expect((await getState().readMarks(['code:2']))[0]?.getTime()).toBe(claimedAt);
  });

  test('a claim ends at its time, and a later claim does not extend it', async () => {
    await getState().claim('short', inSeconds(2));
    await getState().claim('short', inSeconds(3600));
    expect(await waitUntil(20_000, async () => (await getState().readMarks(['short']))[0] === null)).toBe(true);
    expect(await getState().claim('short', inSeconds(60))).toBeNull();
  });

  test('a mark replaces an earlier one, with the present as its time and with its own end', async () => {
    await getState().claim('marked', inSeconds(0.3));
    const [first] = await getState().readMarks(['marked']);
    await waitUntil(20_000, async () => Date.now() > (first?.getTime() ?? 0));
    await getState().mark('marked', inSeconds(60));
    const [second] = await getState().readMarks(['marked']);
    expect(second?.getTime()).toBeGreaterThan(first?.getTime() ?? 0);
    // Longer than the claim would have lived.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await getState().readMarks(['marked'])).toEqual([second]);
  });

  test('several keys are looked up in the order of the request', async () => {
    await getState().mark('known', inSeconds(60));
    expect(await getState().readMarks(['unknown', 'known', 'other'])).toEqual([null, expect.any(Date), null]);
    expect(await getState().readMarks([])).toEqual([]);
  });

  test('a released key can be claimed again', async () => {
    await getState().claim('released', inSeconds(60));
    await getState().release('released');
    expect(await getState().claim('released', inSeconds(60))).toBeNull();
    await getState().release('never claimed');
  });
}

function describeCounts(getState: () => State): void {
  test('simultaneous calls are counted one by one, separately for each key and each length of window', async () => {
    const counts = await Promise.all(Array.from({ length: 20 }, () => getState().count('a', 60)));
    expect(counts.map(({ count }) => count).sort((one, other) => one - other)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect((await getState().count('b', 60)).count).toBe(1);
    expect((await getState().count('a', 600)).count).toBe(1);
    expect((await getState().readCount('a', 60))?.count).toBe(20);
  });

  test('a window ends at its time after the first count, and then counting starts anew', async () => {
    expect(await getState().readCount('window', 1)).toBeNull();
    const start = Date.now();
    const first = await getState().count('window', 1);
    expect(first.endsAt.getTime()).toBeGreaterThan(start);
    expect(first.endsAt.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    expect(await waitUntil(20_000, async () => (await getState().readCount('window', 1)) === null)).toBe(true);
    expect((await getState().count('window', 1)).count).toBe(1);
  });

  test('a count can grow by several points, and points can be withdrawn', async () => {
    await getState().count('points', 60, 20);
    expect((await getState().count('points', 60)).count).toBe(21);
    expect((await getState().count('points', 60, -20)).count).toBe(1);
    await getState().resetCount('points', 60);
    expect(await getState().readCount('points', 60)).toBeNull();
  });
}

function describeNotes(getState: () => State): void {
  test('a key is that of a claim or of a list', async () => {
    const state = getState();
    await state.claim('of a claim', inSeconds(60));
    await expect(state.note('of a claim', 'a', 'text', inSeconds(60))).rejects.toThrow();
    await state.note('of a list', 'a', 'text', inSeconds(60));
    await expect(state.claim('of a list', inSeconds(60))).rejects.toThrow();
  });

  test('a list holds one note of each id until the note ends', async () => {
    await getState().note('list', 'one', 'first text', inSeconds(60));
    await getState().note('list', 'one', 'text with spaces\nand lines', inSeconds(60));
    await getState().note('list', 'two', 'другой', inSeconds(60));
    await getState().note('list', 'three', 'soon over', inSeconds(0.2));
    await getState().note('another list', 'one', 'elsewhere', inSeconds(60));
    expect(await waitUntil(20_000, async () => (await getState().notes('list')).length === 2)).toBe(true);
    expect((await getState().notes('list')).sort()).toEqual(['text with spaces\nand lines', 'другой']);
    expect(await getState().notes('unknown list')).toEqual([]);
    const byId = await getState().notesById('list');
    expect([...byId.values()].sort()).toEqual(['text with spaces\nand lines', 'другой']);
    expect(await getState().notesById('unknown list')).toEqual(new Map());
  });

  test('a list lives as long as its longest note, in whatever order they came', async () => {
    await getState().note('mixed', 'long', 'long', inSeconds(60));
    await getState().note('mixed', 'short', 'short', inSeconds(0.2));
    expect(await waitUntil(20_000, async () => (await getState().notes('mixed')).length === 1)).toBe(true);
    expect(await getState().notes('mixed')).toEqual(['long']);
  });

  test('a note is replaced only if it is there, and a removed list has none', async () => {
    await getState().note('kept', 'short', 'ends', inSeconds(0.2));
    await getState().note('kept', 'long', 'first', inSeconds(60));
    expect(await getState().replaceNote('kept', 'long', 'second', inSeconds(120))).toBe(true);
    expect(await getState().replaceNote('kept', 'unknown', 'text', inSeconds(60))).toBe(false);
    expect(await waitUntil(20_000, async () => (await getState().notes('kept')).length === 1)).toBe(true);
    expect(await getState().replaceNote('kept', 'short', 'again', inSeconds(60))).toBe(false);
    expect(await getState().notes('kept')).toEqual(['second']);
    await getState().removeNotes('kept');
    expect(await getState().replaceNote('kept', 'long', 'third', inSeconds(60))).toBe(false);
    expect(await getState().notes('kept')).toEqual([]);
  });
}
