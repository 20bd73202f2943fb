/** Makes messages of a conversation as they are found in mailboxes. */
import type { FoundMessage } from '../../../src/mail/thread/found-message.ts';

let nextUid = 1;

export const NO_VERDICT = {
  ...{ dmarc: null, spf: null, dkim: null, by: null, isAssumed: false, dmarcDomain: null, dkimDomains: [] },
  signatures: [],
};

/** `Ann Lee <ann@example.test>`, or an address. */
function person(text: string): { name: string; address: string } {
  const [, name = '', address = text] = /^(.*?)\s*<(.*)>$/.exec(text) ?? [];
  return { name, address };
}

/** A message of which only what matters is given. People are written as in a header, times as ISO 8601. */
export function foundMessage(
  given: Partial<Omit<FoundMessage, 'from' | 'to' | 'cc'>> & {
    from?: string;
    to?: string[];
    cc?: string[];
    at?: string;
  } = {},
): FoundMessage {
  const {
    from = 'Ann Lee <ann@example.test>',
    to = ['me@example.test'],
    cc = [],
    at = '2026-11-07T12:00:00Z',
    ...rest
  } = given;
  const uid = nextUid++;
  return {
    ...{ uid, mailbox: 'INBOX', uidValidity: '1', roles: new Set<never>(), flags: [], sizeBytes: 1_000 },
    ...{
      subject: 'Harbour lights',
      from: [person(from)],
      sender: [],
      replyTo: [],
      to: to.map(person),
      cc: cc.map(person),
    },
    ...{ messageId: `<${uid}@example.test>`, inReplyTo: null, references: [], threadId: null },
    ...{ arrivedAt: at, sentAt: at, receivedAt: at, isSentAtUnreadable: false },
    ...{
      isUnreadable: false,
      areAddressesCut: false,
      isFromList: false,
      isAutomatic: false,
      structure: null,
      verdict: NO_VERDICT,
    },
    ...rest,
  };
}
