/** Says what a query of the mail language means, straight from its tree, and generates mailboxes and queries for it. */
import fc from 'fast-check';
import type { QueryNode, Term } from '../../../src/mail/query/query.ts';

export const CONTEXT = { now: new Date('2026-11-28T20:00:00Z'), timeZone: 'Europe/Berlin' };
export const OWN = ['ida@example.test'];

export interface ReferenceMessage {
  uid: number;
  from: string;
  to: string;
  cc: string;
  subject: string;
  body: string;
  flags: string[];
  sizeBytes: number;
  arrivedAt: number;
  files: { name: string; type: string }[];
  isNewsletter: boolean;
}

const WORDS = ['harbour', 'lights', 'crane', 'invoice'];
const PEOPLE = ['ida@example.test', 'mara@example.test', 'tomas@example.test'];
export const HOUR_MS = 3_600_000;

export const messages = fc
  .array(
    fc.record({
      from: fc.constantFrom(...PEOPLE),
      to: fc.constantFrom(...PEOPLE),
      cc: fc.constantFrom('', ...PEOPLE),
      subject: fc.constantFrom(...WORDS),
      body: fc.constantFrom(...WORDS),
      flags: fc.subarray(['\\Seen', '\\Flagged', '\\Answered', 'Work']),
      sizeBytes: fc.constantFrom(500, 1024, 2048),
      // Three days around a midnight in Berlin.
      arrivedAt: fc.integer({ min: -40, max: 40 }).map((hours) => Date.parse('2026-11-26T23:00:00Z') + hours * HOUR_MS),
      files: fc.subarray([
        { name: 'Plan.PDF', type: 'application/pdf' },
        { name: 'invite.ics', type: 'text/calendar' },
        { name: 'notes.txt', type: 'text/plain' },
      ]),
      isNewsletter: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list) => list.map((message, index): ReferenceMessage => ({ ...message, uid: index + 1 })));

const term = fc.constantFrom(
  ...WORDS,
  ...[
    '"harbour"',
    'from:mara',
    'to:tomas',
    'cc:ida',
    'from:me',
    'to:me',
    'subject:crane',
    'body:lights',
    'from:(mara OR tomas)',
  ],
  ...['is:unread', 'is:read', 'is:flagged', 'is:answered', 'is:newsletter', 'is:sent', 'is:received', 'label:Work'],
  ...[
    'after:2026-11-27',
    'before:2026-11-27',
    'on:2026-11-27',
    'after:2026-11-27T08:30',
    'before:2026-11-26T20:00Z',
    'newer_than:40h',
    'older_than:2d',
  ],
  ...['has:attachment', 'has:pdf', 'has:invite', 'filename:plan', 'filename:nothing', 'larger:1K', 'smaller:2K'],
);
export const { query } = fc.letrec<{ query: string; unit: string }>((tie) => ({
  unit: fc.oneof(
    { maxDepth: 3 },
    term,
    fc.tuple(fc.constantFrom('-', 'NOT '), term).map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom('(', '-(', 'NOT ('), tie('query')).map(([open, inner]) => `${open}${inner})`),
  ),
  query: fc
    .array(fc.tuple(tie('unit'), fc.constantFrom(' ', '  ', ' OR ')), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([unit, joint], index) => (index === parts.length - 1 ? unit : unit + joint)).join('')),
}));

/** What the query means, straight from its tree. */
export function says(node: QueryNode, message: ReferenceMessage): boolean {
  switch (node.kind) {
    case 'term':
      return saysTerm(node.term, message);
    case 'not':
      return !says(node.node, message);
    case 'and':
      return node.nodes.every((child) => says(child, message));
    case 'or':
      return node.nodes.some((child) => says(child, message));
  }
}

function saysTerm(term: Term, message: ReferenceMessage): boolean {
  const has = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());
  const isMe = (text: string) => OWN.some((address) => has(text, address));
  switch (term.key) {
    case 'text':
      return [message.from, message.to, message.cc, message.subject, message.body].some((text) => has(text, term.text));
    case 'from':
    case 'cc':
      return 'isMe' in term ? isMe(message[term.key]) : has(message[term.key], term.text);
    case 'to':
      return [message.to, message.cc].some((text) => ('isMe' in term ? isMe(text) : has(text, term.text)));
    case 'subject':
    case 'body':
      return has(message[term.key], term.text);
    case 'filename':
      return message.files.some(({ name }) => has(name, term.text));
    case 'label':
      return message.flags.includes(term.name);
    case 'time':
      return (term.start ?? 0) <= message.arrivedAt && message.arrivedAt < (term.end ?? Number.POSITIVE_INFINITY);
    case 'has':
      return message.files.some(
        ({ name }) =>
          term.content === 'attachment' || name.toLowerCase().endsWith(term.content === 'pdf' ? '.pdf' : '.ics'),
      );
    case 'larger':
      return message.sizeBytes > term.sizeBytes;
    case 'smaller':
      return message.sizeBytes < term.sizeBytes;
    case 'is':
      switch (term.state) {
        case 'unread':
          return !message.flags.includes('\\Seen');
        case 'read':
          return message.flags.includes('\\Seen');
        case 'flagged':
          return message.flags.includes('\\Flagged');
        case 'answered':
          return message.flags.includes('\\Answered');
        case 'newsletter':
          return message.isNewsletter;
        case 'sent':
          return isMe(message.from);
        case 'received':
          return !isMe(message.from);
        default:
          throw new Error('is:waiting is no term here');
      }
    default:
      throw new Error(`unexpected ${term.key}`);
  }
}
