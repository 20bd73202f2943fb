/** Provides messages that are odd or hostile: the fixtures of the tests, and the start of every hostile body. */
import { readdirSync, readFileSync } from 'node:fs';
import type { TestMessage } from '../test/support/mail/build-message.ts';
import { HOSTILE_SHAPES, rawMessage } from '../test/support/mail/hostile-messages.ts';

/** The mailbox that they are in. Nothing is moved into it or out of it. */
export const ODD_MAILBOX = 'Odd';

const FIXTURES = ['../test/fixtures/cases/', '../test/fixtures/mail/'].map((path) => new URL(path, import.meta.url));
/** Whole hostile bodies have megabytes, and take all of the time of a short run. */
const MAX_PART_BYTES = 48 * 1024;

export function oddMessages(): TestMessage[] {
  const fixtures = FIXTURES.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.eml'))
      .map((name) => readFileSync(new URL(name, folder))),
  );
  const hostile = Object.values(HOSTILE_SHAPES).map((shape) =>
    rawMessage({ ...shape, partBytes: Math.min(shape.partBytes, MAX_PART_BYTES) }),
  );
  return [...fixtures, ...hostile].map((raw) => ({ raw, flags: [], date: new Date() }));
}
