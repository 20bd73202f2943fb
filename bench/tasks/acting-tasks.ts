/** Lists requests that change the mailbox or send, each judged by what another mail program then sees. */
import assert from 'node:assert/strict';
import ICAL from 'ical.js';
import { simpleParser } from 'mailparser';
import { z } from 'zod';
import type { StoredMessage } from '../../test/support/mail/mailbox-contents.ts';
import { OWNER } from '../everyday/people.ts';
import { assertAll, placeOf, rowsOf, type Task, type TaskMailbox } from './task.ts';

const Call = z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) });
const Undoable = z.looseObject({ moved: z.number(), undo: z.array(Call) });

async function newestIn(folder: string, { messagesIn }: TaskMailbox) {
  const stored = (await messagesIn(folder)).at(-1);
  assert.ok(stored, `${folder} is empty.`);
  return simpleParser(stored.raw);
}

async function flagsOf(subject: string, { messagesIn }: TaskMailbox): Promise<string[]> {
  return (await messagesIn('INBOX')).filter((each) => each.subject === subject).at(-1)?.flags ?? [];
}

/** Flags and messages, whatever their UIDs are. */
function contentsOf(stored: readonly StoredMessage[]): string[] {
  const kept = (flags: readonly string[]) => flags.filter((flag) => flag !== '\\Recent').sort();
  return stored.map(({ raw, flags }) => `${kept(flags).join(' ')}\n${raw}`).sort();
}

export const ACTING_TASKS: readonly Task[] = [
  {
    request: 'Answer all of them on the last mail about the bellows: half past seven suits me.',
    async run(call, mailbox) {
      const subject = 'Re: Sankt Jakob bellows';
      const of = placeOf(await call('search_mail_messages', { query: 'subject:"Sankt Jakob bellows"', per_page: 1 }));
      const text = 'Half past seven suits me. I bring the lamp.';
      const answer = await call('send_mail_message', { as: 'reply_all', of, text_body: text });
      assertAll(JSON.stringify(answer), [subject, 'ruxandra.popa@', 'olamide.berg@', 'mattias@', text]);
      const sent = await newestIn('Sent', mailbox);
      assert.ok(sent.text?.startsWith(text) && sent.text.includes('> The sacristy key is with the verger.'));
      assert.equal(sent.subject, subject);
      assert.ok(sent.inReplyTo !== undefined && sent.references?.includes(sent.inReplyTo));
      assert.ok((await flagsOf(subject, mailbox)).includes('\\Answered'));
    },
  },
  {
    request: "Forward Philippa's mail with the figures of October and its file to Casper: for your planning.",
    async run(call, mailbox) {
      const query = 'from:philippa subject:figures';
      const of = placeOf(await call('search_mail_messages', { folder: '*', query, per_page: 1 }));
      const to = 'casper.thorup@example.test';
      await call('send_mail_message', { as: 'forward', of, to, text_body: 'For your planning.' });
      const sent = await newestIn('Sent', mailbox);
      assert.equal(sent.subject, 'Fwd: Figures of October');
      assert.equal(sent.attachments[0]?.content.toString(), 'account,euros\nmaterial,1204.50\nwages,3310.00\n');
    },
  },
  {
    request: "Accept Olamide's invitation to the opening of the case.",
    async run(call, mailbox) {
      const query = 'from:olamide has:invite';
      const of = placeOf(await call('search_mail_messages', { query, per_page: 1 }));
      const answer = await call('send_mail_message', { as: 'accept', of });
      assertAll(JSON.stringify(answer), [
        'Opening of the case',
        'Tuesday',
        '2026-12-01T08:00:00+01:00',
        'olamide.berg@',
      ]);
      const sent = await newestIn('Sent', mailbox);
      const calendar = new ICAL.Component(ICAL.parse(sent.attachments[0]?.content.toString() ?? ''));
      const [event, ...others] = calendar.getAllSubcomponents('vevent');
      assert.equal(calendar.getFirstPropertyValue('method'), 'REPLY');
      assert.equal(event?.getFirstPropertyValue('uid'), 'case-opening@post.example.test');
      assert.deepEqual(
        event.getAllProperties('attendee').map((each) => [each.getFirstValue(), each.getFirstParameter('partstat')]),
        [[`mailto:${OWNER.email}`, 'ACCEPTED']],
      );
      assert.deepEqual(others, []);
      assert.ok((await flagsOf('Invitation: opening of the case', mailbox)).includes('\\Answered'));
    },
  },
  {
    request: 'Move all newsletters in my inbox that are older than 30 days to the archive.',
    async run(call, mailbox) {
      const before = await mailbox.messagesIn('Archive');
      const args = { folder: 'INBOX', query: 'is:newsletter older_than:30d', destination: 'archive' };
      const { moved } = Undoable.parse(await call('move_mail_message', args));
      const after = await mailbox.messagesIn('Archive');
      assert.ok(moved > 20 && after.length === before.length + moved);
    },
  },
  {
    request: 'Move the notices of the bank in my inbox to a new folder Bank. No, take that back.',
    async run(call, mailbox) {
      const before = await mailbox.messagesIn('INBOX');
      const args = { folder: 'INBOX', query: 'from:strandbank', destination: 'Bank', create: true };
      const { moved, undo } = Undoable.parse(await call('move_mail_message', args));
      assert.equal((await mailbox.messagesIn('Bank')).length, moved);
      for (const { tool, arguments: back } of undo) await call(tool, back);
      assert.deepEqual(contentsOf(await mailbox.messagesIn('INBOX')), contentsOf(before));
    },
  },
  {
    request: 'Draft an answer to Gudrun about the parking space; I read it, then you send it.',
    async run(call, mailbox) {
      const query = 'from:gudrun parking';
      const of = placeOf(await call('search_mail_messages', { query, per_page: 1 }));
      const text = 'Dear Ms Aalto,\n\nI take the space from January.';
      const saved = await call('create_draft_mail_message', { as: 'reply', of, text_body: text });
      const drafts = await mailbox.messagesIn('Drafts');
      const { draft } = z.object({ draft: z.string() }).parse(saved);
      await call('send_mail_message', { as: 'draft', of: draft });
      const sent = await newestIn('Sent', mailbox);
      assert.equal(sent.subject, 'Re: Parking space 14');
      assert.ok(sent.text?.startsWith(text));
      assert.equal((await mailbox.messagesIn('Drafts')).length, drafts.length - 1);
      assert.ok((await flagsOf('Parking space 14', mailbox)).includes('\\Answered'));
    },
  },
  {
    request: 'Take me off the list of Reed and Pipe.',
    async run(call, mailbox) {
      const query = 'from:"Reed and Pipe" is:newsletter';
      const found = await call('search_mail_messages', { folder: '*', query, per_page: 1 });
      const [row] = rowsOf(found);
      const answer = await call('unsubscribe_mail', { folder: row?.folder ?? 'INBOX', uid: row?.uid });
      assertAll(JSON.stringify(answer), ['"how":"mail"', '"to":"leave@reedandpipe.example"', '"not_done":[]']);
      const { subject, to, html, text } = await newestIn('Sent', mailbox);
      assert.deepEqual([subject, [to].flat()[0]?.text, html], ['leave', 'leave@reedandpipe.example', false]);
      assert.ok(text?.startsWith('unsubscribe'));
    },
  },
];
