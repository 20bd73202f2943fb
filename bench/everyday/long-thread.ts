/** Writes a conversation in which every letter quotes all letters before it. */
import { conversation } from './conversations.ts';
import type { SampleMailbox } from './everyday-mailbox.ts';
import { buildLetter } from './letter.ts';
import { NELE, OWNER, PEOPLE } from './people.ts';

export const LONG_SUBJECT = 'Order of the winter season';

const PROGRAMS = ['gmail', 'thunderbird', 'apple', 'outlook', 'gmail-html', 'outlook-html'] as const;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 9, 1, 8);

/** A mailbox that has this conversation alone, in three folders. */
export async function longThreadMailbox(count: number): Promise<SampleMailbox> {
  const writers = [PEOPLE.ruxandra, NELE, PEOPLE.olamide, PEOPLE.mattias, NELE, PEOPLE.ewa];
  const turns = Array.from({ length: count }, (_, n) => {
    const from = writers[n % writers.length] ?? NELE;
    return {
      folder: from === NELE ? 'Sent' : n % 2 === 0 ? 'INBOX' : 'Archive',
      at: new Date(START_MS + n * 20 * HOUR_MS).toISOString(),
      ...{ from, to: from === NELE ? PEOPLE.ruxandra : NELE },
      text: `Point ${n + 1} of the list: the concert in week ${n + 1} begins at seven, the doors open at half past six, and the organ has to be tuned on the day before. The heating is turned on at noon, so that the pitch stays where it is. The last one locks the loft.`,
      ...(n > 0 && { program: PROGRAMS[n % PROGRAMS.length] ?? 'gmail' }),
    };
  });
  const [first, ...rest] = turns;
  if (first === undefined) throw new Error('a conversation has a letter');
  const letters = conversation(LONG_SUBJECT, [first, ...rest]);
  return { owner: OWNER, now: new Date(), messages: await Promise.all(letters.map(buildLetter)) };
}
