/** Writes the conversations of the everyday mailbox: letters that answer one another in several folders, with quotes. */
import { idOf, type Letter } from './letter.ts';
import { NELE, OWNER, PEOPLE, WORKSHOP } from './people.ts';
import { answerTo, type Program } from './quotes.ts';

/** A letter of a conversation: its subject and its quote follow from those before it. */
interface Turn extends Pick<Letter, 'folder' | 'at' | 'from' | 'to' | 'cc' | 'isUnread'> {
  text: string;
  /** How the one before is quoted; absent: it is not. */
  program?: Program;
}

/** @param turns oldest first; each answers the one before it */
export function conversation(subject: string, [first, ...rest]: readonly [Turn, ...Turn[]]): Letter[] {
  const letters: (Letter & { text: string })[] = [{ ...first, subject }];
  for (const { text, program, ...turn } of rest) {
    const before = letters.at(-1);
    if (before === undefined) break;
    const body = program === undefined ? { text } : answerTo(before, text, program);
    letters.push({ ...turn, ...body, subject: `Re: ${subject}`, after: letters.map(idOf) });
  }
  return letters;
}

const { ruxandra, olamide, mattias, beatriz, dmytro, ewa, hiroto, philippa, casper } = PEOPLE;

/** Its last letter asks the owner; Mattias has been asked before, and has not answered. */
const BELLOWS = conversation('Sankt Jakob bellows', [
  {
    ...{ folder: 'Archive', at: '2026-09-14T08:12:00Z', from: ruxandra, to: NELE, cc: olamide },
    text: 'Dear Nele,\n\nthe bellows in Sankt Jakob leak on the north side. Could the workshop look at them before Advent?\n\nRuxandra',
  },
  {
    ...{ folder: 'Sent', at: '2026-09-14T15:40:00Z', from: NELE, to: ruxandra, cc: olamide, program: 'thunderbird' },
    text: 'We open the case on 5 October. Olamide brings the pressure gauge.',
  },
  {
    ...{ folder: 'Archive', at: '2026-09-15T06:05:00Z', from: olamide, to: NELE, cc: ruxandra, program: 'gmail' },
    text: 'The gauge is calibrated. 74 millimetres of water column is what the builder wrote down in 1911.',
  },
  {
    ...{ folder: 'Projects/Sankt Jakob', at: '2026-10-06T11:30:00Z', from: mattias, to: NELE, cc: olamide },
    ...{ text: 'Olamide asked me to join you. Two skins of sheepskin are left in the store.', program: 'outlook' },
  },
  {
    ...{ folder: 'Sent', at: '2026-10-06T17:02:00Z', from: NELE, to: mattias, cc: `${ruxandra}, ${olamide}` },
    ...{ text: 'Mattias, how thick is the leather that is left?', program: 'thunderbird' },
  },
  {
    ...{ folder: 'Archive', at: '2026-10-09T09:44:00Z', from: ruxandra, to: NELE, program: 'apple' },
    text: 'The parish council has agreed to the estimate of 8,640 euros.',
  },
  {
    ...{ folder: 'Sent', at: '2026-10-09T12:20:00Z', from: NELE, to: ruxandra, cc: `${olamide}, ${mattias}` },
    ...{ text: 'Thank you, the felt is ordered. Delivery takes five weeks.', program: 'thunderbird' },
  },
  {
    ...{ folder: 'Projects/Sankt Jakob', at: '2026-11-02T14:15:00Z', from: olamide, to: NELE, cc: ruxandra },
    ...{ text: 'Measured again in the cold church: 61 millimetres on the north side.', program: 'gmail-html' },
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-19T10:01:00Z', from: ruxandra, to: NELE, cc: olamide, program: 'outlook-html' },
    text: 'The scaffold is booked from 30 November to 4 December.',
  },
  {
    ...{ folder: 'Sent', at: '2026-11-19T16:33:00Z', from: NELE, to: ruxandra, cc: `${olamide}, ${mattias}` },
    ...{ text: 'Then we come on 1 December at eight.', program: 'thunderbird' },
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-20T07:48:00Z', from: olamide, to: NELE, cc: `${ruxandra}, ${mattias}` },
    ...{ text: 'I bring both gauges and the lamp.', program: 'gmail' },
  },
  {
    ...{ folder: 'INBOX', at: '2026-11-28T09:20:00Z', from: ruxandra, to: NELE, cc: `${olamide}, ${mattias}` },
    ...{ program: 'apple', isUnread: true },
    text: 'The sacristy key is with the verger. Can you be at the side door at half past seven?',
  },
]);

/** Four people were asked, two have answered. */
const GHENT_ASKED = conversation('Choir weekend in Ghent', [
  {
    ...{ folder: 'Sent', at: '2026-11-16T18:30:00Z', from: NELE },
    to: `${beatriz}, ${dmytro}, ${ewa}, ${hiroto}`,
    text: 'Dear all,\n\nthe hall in Ghent is free on 6 March and on 20 March. Which of the two suits you?\n\nNele',
  },
  {
    ...{ folder: 'Archive', at: '2026-11-17T07:11:00Z', from: hiroto, to: NELE, cc: `${beatriz}, ${dmytro}, ${ewa}` },
    ...{ text: '20 March suits me. In the first week I am in Osaka.', program: 'gmail' },
  },
]);

const GHENT = [
  ...GHENT_ASKED,
  ...GHENT_ASKED.slice(0, 1).map(
    (asked): Letter => ({
      ...{ folder: 'INBOX', at: '2026-11-18T20:45:00Z', from: beatriz, to: NELE, subject: `Re: ${asked.subject}` },
      ...answerTo({ ...asked, text: asked.text ?? '' }, 'Both weekends are fine.', 'outlook-html'),
      after: [idOf(asked)],
    }),
  ),
];

/** Questions that the owner has answered, one to which the owner waits for an answer, and an answer that the owner may go on from. */
const ANSWERED = [
  ...conversation('Ladder for the tower', [
    {
      ...{ folder: 'Sent', at: '2026-11-23T16:00:00Z', from: NELE, to: casper },
      text: 'I bring the long ladder on Friday.',
    },
    {
      ...{ folder: 'INBOX', at: '2026-11-23T17:20:00Z', from: casper, to: NELE, program: 'outlook' },
      text: 'That one is too short for the tower.',
    },
  ]),
  ...conversation('Address for the tax office', [
    {
      ...{ folder: 'INBOX', at: '2026-11-12T09:00:00Z', from: philippa, to: NELE },
      text: 'Which address shall I give to the tax office, the workshop or the flat?',
    },
    {
      ...{ folder: 'Sent', at: '2026-11-12T10:30:00Z', from: NELE, to: philippa, program: 'thunderbird' },
      text: 'The workshop, please.',
    },
  ]),
  ...conversation('Regal on loan', [
    {
      ...{ folder: 'INBOX', at: '2026-11-19T09:00:00Z', from: beatriz, to: WORKSHOP },
      text: 'Could we borrow the regal for the concert?',
    },
    {
      ...{ folder: 'Sent', at: '2026-11-19T09:50:00Z', from: WORKSHOP, to: beatriz, program: 'gmail' },
      text: 'You can fetch it on any morning.',
    },
  ]),
  ...conversation('Lathe for sale', [
    {
      ...{ folder: 'Sent', at: '2026-11-21T13:00:00Z', from: NELE, to: casper },
      text: 'Is the lathe still for sale, and does it run on 230 volts?',
    },
  ]),
];

const SMALL_TALK = [
  ['Programme for Sunday', 'The programme is printed, 200 copies.', 'Thank you, I fetch them on Friday.'],
  ['Photographs of the case', 'I have put the photographs on the stick.', 'They are sharp, thank you.'],
  ['Oak boards', 'The boards are dry now, nine per cent.', 'Then we saw them next week.'],
  ['Saturday rowing', 'The river is high, we stay on land.', 'A pity. See you next week.'],
  ['Glue', 'The fish glue has arrived.', 'Good, the old jar is empty.'],
  ['Tuning in Holtrop', 'The reeds are flat by ten cents.', 'I come on Monday with the tools.'],
  ['Van', 'The van has passed its inspection.', 'Splendid.'],
  ['Lunch', 'There is soup at the workshop today.', 'I bring bread.'],
] as const;

/** Short exchanges in the course of a year: a sentence, and the answer of the owner, who has the last word. */
function smallTalk(count: number): Letter[] {
  const writers = Object.values(PEOPLE);
  const start = Date.UTC(2025, 11, 1, 7);
  return Array.from({ length: count }, (_, n) => {
    const [subject = '', text = '', answer = ''] = SMALL_TALK[n % SMALL_TALK.length] ?? [];
    const from = writers[(n * 5) % writers.length] ?? OWNER.name;
    const at = (hours: number) => new Date(start + (n * 8.5 * 24 + hours) * 3_600_000).toISOString();
    const folder = n % 4 === 0 ? 'INBOX' : 'Archive';
    return conversation(`${subject} (${n + 1})`, [
      { folder, at: at(0), from, to: NELE, text },
      { folder: 'Sent', at: at(3), from: NELE, to: from, text: answer, program: 'thunderbird' },
    ]);
  }).flat();
}

export const CONVERSATIONS: readonly Letter[] = [...BELLOWS, ...GHENT, ...ANSWERED, ...smallTalk(40)];
