/** Generates the everyday mailbox: some 400 invented messages of a year in nine folders, the same in every run. */
import { BULK } from './bulk.ts';
import { CONVERSATIONS } from './conversations.ts';
import { buildLetter, type MailboxMessage } from './letter.ts';
import { OWNER } from './people.ts';
import { SINGLE_LETTERS } from './single-letters.ts';

/** A mailbox and the time at which it is looked at. */
export interface SampleMailbox {
  owner: { name: string; email: string; identities: readonly string[]; timeZone: string };
  now: Date;
  /** In the order of their arrival. */
  messages: MailboxMessage[];
}

export async function everydayMailbox(): Promise<SampleMailbox> {
  const letters = [...CONVERSATIONS, ...SINGLE_LETTERS, ...BULK].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return {
    owner: OWNER,
    now: new Date('2026-11-28T20:00:00Z'),
    messages: await Promise.all(letters.map(buildLetter)),
  };
}
