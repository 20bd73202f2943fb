/** Sends answers, forwarded messages and drafts while the network fails at each command in turn, and repeats the call on another replica. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import type { Moment } from '../../support/servers/fault-proxy.ts';
import { type Kind, type MakeCall, sendWithFault } from './keyed-sends.ts';

const reply: MakeCall = async (sender, recipient) => {
  const { INBOX } = await appendMessages(sender, {
    INBOX: [message({ from: recipient.email, to: sender.email, messageId: '<one@x.test>' })],
    Sent: [message({ from: sender.email, to: recipient.email, text: 'a\n\n-- \nIda\n' })],
  });
  return { as: 'reply', of: `INBOX/${INBOX[0]}`, subject: 'once', text_body: 'x', idempotency_key: 'k' };
};

/** The file is too large to be kept in memory, so it is read again for each use. */
const forward: MakeCall = async (sender, recipient) => {
  const content = randomBytes(1_100_000);
  const { INBOX } = await appendMessages(sender, {
    INBOX: [message({ to: sender.email, attachments: [{ filename: 'a.bin', content }] })],
  });
  return { as: 'forward', of: `INBOX/${INBOX[0]}`, to: recipient.email, subject: 'once', idempotency_key: 'k' };
};

const draft: MakeCall = async (sender, recipient) => {
  const { Drafts } = await appendMessages(sender, {
    INBOX: [message({ from: recipient.email, to: sender.email, messageId: '<one@x.test>' })],
    Drafts: [
      message({
        ...{ from: sender.email, to: recipient.email, subject: 'once' },
        ...{ inReplyTo: '<one@x.test>', flags: ['\\Draft'] },
      }),
    ],
  });
  return { as: 'draft', of: `Drafts/${Drafts[0]}` };
};

const calls: Record<string, { makeCall: MakeCall; flag: string }> = {
  reply: { makeCall: reply, flag: '\\Answered' },
  forward: { makeCall: forward, flag: '$Forwarded' },
  draft: { makeCall: draft, flag: '\\Answered' },
};

/** Commands of the longest call. */
const MAX_COMMANDS = 100;
const STEP = 8;

async function everyCommand(name: string, fault: { protocol: 'imap' | 'smtp'; moment: Moment; kind: Kind }) {
  const { makeCall, flag } = calls[name] ?? { makeCall: reply, flag: '' };
  let failed = 0;
  // Each attempt with a large file takes seconds, and half of its commands are those of a reply.
  const distance = name === 'forward' ? 2 : 1;
  for (let first = 0; first < MAX_COMMANDS; first += STEP * distance) {
    const several = Array.from({ length: STEP }, (_, n) => first + n * distance);
    const attempts = await Promise.all(several.map((command) => sendWithFault({ ...fault, command }, makeCall)));
    for (const [n, attempt] of attempts.entries()) {
      const { hasFailed, first: outcome, again, arrived, inSent, inDrafts, flags } = attempt;
      const context = `command ${several[n]}: ${JSON.stringify(attempt)}`;
      if (hasFailed) failed += 1;
      expect(arrived, context).toBeLessThanOrEqual(1);
      expect(again[1], context).toBe(again[0]);
      const isSent = [outcome, ...again].includes('sent');
      // After "sent" there is one copy in Sent, none in Drafts, and the original is marked; after any other outcome the text is not lost.
      if (isSent) expect({ arrived, inSent, inDrafts }, context).toEqual({ arrived: 1, inSent: 1, inDrafts: 0 });
      else if (name === 'draft') expect(inSent + inDrafts, context).toBeGreaterThanOrEqual(1);
      if (isSent) expect(flags, context).toContain(flag);
      if (outcome === 'sent') expect(again, context).toEqual(['sent', 'sent']);
    }
    if (attempts.every(({ hasFailed }) => !hasFailed)) break;
  }
  expect(failed).toBeGreaterThan(5);
}

/** What is cut before a command is tried where most commands differ from those of other messages: with drafts. */
test.each([
  ['draft', 'cut before', 'full'],
  ['draft', 'cut after', 'basic'],
  ['reply', 'cut after', 'full'],
  ['forward', 'cut after', 'full'],
] as const)(
  'each command of a %s in turn, %s, %s server: at most one message is sent, and every reported outcome is true',
  (name, moment, kind) => everyCommand(name, { protocol: 'imap', moment, kind }),
  240_000,
);
