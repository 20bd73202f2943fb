/** Lists requests that are answered by finding and reading, each with the facts that the answers have to hold. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { assertAll, rowsOf, subjectsOf, type Task } from './task.ts';

const Thread = z.looseObject({
  people: z.record(z.string(), z.string()),
  turn: z.string(),
  messages: z.array(z.looseObject({ at: z.string(), text: z.string().default('') })),
});

/** The names of those whose turn it is. */
function turnOf({ turn, people }: z.output<typeof Thread>): string[] {
  const keys = turn.split(', ').filter((key) => key !== '');
  return keys.map((key) => (key === 'me' ? 'me' : (people[key] ?? key).replace(/ <.*/, ''))).sort();
}

const BELLOWS_FACTS = [
  ...['leak on the north side', 'open the case on 5 October', '74 millimetres', 'Two skins of sheepskin'],
  ...['how thick is the leather', '8,640 euros', 'the felt is ordered', '61 millimetres', 'booked from 30 November'],
  ...['come on 1 December', 'both gauges and the lamp', 'half past seven'],
];

const WAITING = [
  ...['Re: Sankt Jakob bellows', 'Parking space 14', 'Keys of the boathouse', 'Invitation: opening of the case'],
  ...['Re: Ladder for the tower', 'Keys of the positive'],
];
const NOT_WAITING = [
  ...['Altos in January', 'New sign-in', 'Your card is blocked', 'Clamps', 'Figures of October'],
  ...['Regal on loan', 'Address for the tax office', 'Five joints to know, no. 60: dovetails', 'Half a minute before'],
];

export const FINDING_TASKS: readonly Task[] = [
  {
    request: 'What are my five newest unread mails about, and who sent them?',
    async run(call) {
      const found = await call('search_mail_messages', { query: 'is:unread', per_page: 5, preview: 120 });
      assert.deepEqual(
        rowsOf(found).map(({ subject, from }) => [subject, from.replace(/ <.*/, '')]),
        [
          ['Water is turned off on Monday', 'Gudrun Aalto'],
          ['Re: Sankt Jakob bellows', 'Ruxandra Popa'],
          ['Invoice 2026-3311', 'Tide and Timber'],
          ['At eight sharp', 'Tamsin Okafor'],
          ['Half a minute before', 'Casper Thorup'],
        ],
      );
      const previews = rowsOf(found).map(({ preview }) => preview);
      assertAll(previews.join('\n'), ['from nine to eleven', 'half past seven', 'due in 14 days', 'The crew list']);
    },
  },
  {
    request: 'How much is the invoice of Tide and Timber?',
    async run(call) {
      const found = await call('search_mail_messages', { query: 'from:"Tide and Timber" has:pdf' });
      const [row] = rowsOf(found);
      const attachment = row?.files[0];
      const file = await call('get_mail_message', { folder: 'INBOX', uid: row?.uid, attachment });
      assertAll(z.string().parse(file.text_body), ['2,148.30 EUR']);
    },
  },
  {
    request: 'Read the whole thread about the bellows, also what I wrote, and say who waits for whom.',
    async run(call) {
      const thread = Thread.parse(await call('get_mail_thread', { query: 'subject:"Sankt Jakob bellows"' }));
      assert.equal(thread.messages.length, BELLOWS_FACTS.length);
      assertAll(thread.messages.map(({ text }) => text).join('\n'), BELLOWS_FACTS);
      assert.deepEqual(turnOf(thread), ['Mattias Sjö', 'me']);
    },
  },
  {
    request: 'Which of my mails, in any folder, have the word Käseglocke?',
    async run(call) {
      const found = await call('search_mail_messages', { folder: '*', query: 'Käseglocke' });
      assert.deepEqual(subjectsOf(found), [
        ...['LOST: KÄSEGLOCKE', 'Wind chest', 'Found in the attic', 'Käseglocke and plates', 'For the buffet'],
      ]);
    },
  },
  {
    request: 'What has come in since yesterday at 20:00, in any folder?',
    async run(call) {
      const found = await call('search_mail_messages', { folder: '*', query: 'after:2026-11-27T20:00 is:received' });
      assert.deepEqual(subjectsOf(found), [
        ...['Water is turned off on Monday', 'Re: Sankt Jakob bellows', 'Invoice 2026-3311', 'Ice on the jetty'],
        ...['Five joints to know, no. 60: dovetails', 'Sheet music', 'At eight sharp'],
      ]);
    },
  },
  {
    request: 'What is new in my inbox since yesterday at 20:00?',
    async run(call) {
      const listed = await call('list_mail_messages', { since: '2026-11-27T20:00' });
      assert.deepEqual(subjectsOf(listed, 'new'), [
        ...['Water is turned off on Monday', 'Re: Sankt Jakob bellows', 'Invoice 2026-3311', 'At eight sharp'],
      ]);
    },
  },
  {
    request: 'What waits for my answer?',
    async run(call) {
      const subjects = subjectsOf(await call('search_mail_messages', { folder: '*', query: 'is:waiting' }));
      assertAll(subjects.join('\n'), WAITING);
      const wrong = NOT_WAITING.filter((subject) => subjects.some((found) => found.includes(subject)));
      assert.deepEqual(wrong, []);
    },
  },
  {
    request: 'Everything about Ghent, in order of time.',
    async run(call) {
      const found = await call('search_mail_messages', { folder: '*', query: 'Ghent' });
      assert.deepEqual(subjectsOf(found), [
        ...['Programme for Ghent', 'Re: Choir weekend in Ghent', 'Re: Choir weekend in Ghent'],
        ...['Choir weekend in Ghent', 'Rooms for 24 people'],
      ]);
    },
  },
  {
    request: 'Who has not answered my question about the weekend in Ghent?',
    async run(call) {
      const thread = Thread.parse(await call('get_mail_thread', { query: 'in:sent subject:"weekend in Ghent"' }));
      assert.deepEqual(turnOf(thread), ['Dmytro Hrytsenko', 'Ewa Łuczak']);
    },
  },
  {
    request: 'What is the address of Hrytsenko?',
    async run(call) {
      const query = 'from:hrytsenko OR to:hrytsenko';
      const rows = rowsOf(await call('search_mail_messages', { folder: '*', query, per_page: 1 }));
      assertAll(JSON.stringify(rows), ['Dmytro Hrytsenko <d.hrytsenko@example.test>']);
    },
  },
  {
    request: 'Is the mail about my blocked card really from the bank?',
    async run(call) {
      const [row] = rowsOf(await call('search_mail_messages', { query: 'card blocked' }));
      const read = await call('get_mail_message', { folder: 'INBOX', uid: row?.uid, evidence: true });
      assert.equal(read.subject, 'Your card is blocked');
      assertAll(JSON.stringify(read.evidence), ['"dmarc":"fail"', 'www.strandbank.example → strandbank-check.example']);
    },
  },
];
