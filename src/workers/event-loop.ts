/** Divides work that stays on the event loop into slices, so that the work of other calls is done between them. */
import { setImmediate as afterEvents } from 'node:timers/promises';

let last: Promise<unknown> = Promise.resolve();

/**
 * Fulfilled when all events that wait have been handled. Of several callers each resumes in a turn of the event loop of its own, so that one
 * slice of work, whichever call it is of, is the most that a turn has.
 */
export function nextTurn(): Promise<unknown> {
  last = last.then(() => afterEvents());
  return last;
}

/** A slice that took longer is followed by a turn for others. */
const MAX_SLICE_MS = 5;

/** Maps items in order, in slices of a few milliseconds. The time of one item is not bounded. */
export async function mapInSlices<Input, Output>(
  items: Iterable<Input>,
  map: (item: Input) => Output,
): Promise<Output[]> {
  const mapped: Output[] = [];
  let startedAt = performance.now();
  for (const item of items) {
    if (performance.now() - startedAt > MAX_SLICE_MS) {
      await nextTurn();
      startedAt = performance.now();
    }
    mapped.push(map(item));
  }
  return mapped;
}
