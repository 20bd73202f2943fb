import { expect, test } from 'vitest';
import { findProvenUids } from '../../../src/mail/messages/sender-verdicts.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const OWN = { name: 'Ada', address: 'ada@example.test' };
const TRUST = { authservIds: ['mail.example.test'], imapHost: 'imap.example.test' };
const PROOF = 'Authentication-Results: mail.example.test; dkim=pass header.d=example.test\r\n\r\n';

const fetched = (uid: number, header: string, labels = '') =>
  `* ${uid} FETCH (UID ${uid}${labels === '' ? '' : ` X-GM-LABELS (${labels})`} BODY[HEADER.FIELDS (AUTHENTICATION-RESULTS)]<0> {${header.length}}\r\n${header})`;

/** UIDs that are proven of a mailbox that answers a FETCH with these lines. @returns also the commands */
async function provenOf(lines: readonly string[], capabilities = '') {
  const answer = `${lines.join('\n')}\nTAG OK done`;
  await using scripted = await startScriptedImap((command) => (command.startsWith('UID FETCH') ? answer : undefined), {
    capabilities: `IMAP4rev1 ${capabilities}`.trim(),
  });
  const messages = [1, 2, 3, 4].map((uid) => ({ uid, from: [OWN] }));
  const uids = await withImap(scripted, (imap) =>
    findProvenUids(imap, { mailbox: 'INBOX', uidValidity: '7', messages }, TRUST),
  );
  return { uids, fetch: scripted.commands.find((command) => command.startsWith('UID FETCH')) };
}

test('a message is proven by the results of the own server; one that is not returned is not', async () => {
  const { uids, fetch } = await provenOf([fetched(1, PROOF), fetched(2, '\r\n'), '* 3 FETCH (UID 3)']);
  expect(uids).toEqual([1]);
  expect(fetch).not.toContain('X-GM-LABELS');
});

test.each([
  ['"\\\\Sent"', true],
  ['\\Draft "Important"', true],
  ['Sent "my \\\\Sent"', false],
  ['\\Inbox', false],
])('Gmail marks what the account owner has written with the labels %s: %j', async (labels, expected) => {
  const { uids, fetch } = await provenOf([fetched(1, '\r\n', labels)], 'X-GM-EXT-1');
  expect(fetch).toContain('X-GM-LABELS');
  expect(uids).toEqual(expected ? [1] : []);
});
