/** Sends with an idempotency key while the network fails at one command, and repeats the call on another replica. */
import { randomBytes } from 'node:crypto';
import { UpstreamError } from '../../../src/errors.ts';
import type { MailServer } from '../../../src/mail/account.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, onBasicServer, overCleartext } from '../../support/mail/accounts.ts';
import { messagesIn, subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { type FaultProxy, type Moment, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';

type Outcome = 'sent' | 'nothing sent' | 'unknown';
/** `full` and `basic`: with and without extensions. `no UIDs`: as `basic`, and it never returns the UID of a new message. */
export type Kind = 'full' | 'basic' | 'no UIDs';

interface Attempt {
  /** False if the call has fewer commands. */
  hasFailed: boolean;
  first: Outcome;
  /** The outcomes of the same call on the other replica, twice. */
  again: Outcome[];
  arrived: number;
  inSent: number;
  inDrafts: number;
  /** Flags of the messages in INBOX of the sender. */
  flags: string[];
}

type Account = ReturnType<typeof newAccount>;

/** Puts what the call needs into the mailbox. @returns the arguments of a call that sends `once` to the recipient */
export type MakeCall = (sender: Account, recipient: Account) => Promise<Record<string, unknown>>;

const newMessage: MakeCall = async (_, { email: to }) => ({
  to,
  subject: 'once',
  text_body: 'x',
  idempotency_key: 'k',
});

interface Fault {
  protocol: 'imap' | 'smtp';
  /** Number of the command that fails. */
  command: number;
  moment: Moment;
  kind: Kind;
}

/** Sends while one command fails, then repeats the call on another replica. */
export async function sendWithFault(
  { protocol, command, moment, kind }: Fault,
  makeCall: MakeCall = newMessage,
): Promise<Attempt> {
  const [sender, recipient] = [newAccount(), newAccount()];
  const call = await makeCall(sender, recipient);
  const direct = overCleartext(kind === 'full' ? sender : onBasicServer(sender));
  const servers = testServers();
  const imapPort = kind === 'full' ? servers.imap.starttlsPort : servers.basicImap.starttlsPort;
  await using imap = await startFaultProxy({
    target: { host: direct.imap.server.host, port: imapPort },
    protocol: 'imap',
    ...(kind === 'no UIDs' && { rewrite: (line: string) => line.replace(/ \[(APPEND|COPY)UID [^\]]*\]/, '') }),
  });
  await using smtp = await startFaultProxy({ target: direct.smtp.server, protocol: 'smtp' });
  const at = ({ host, port }: FaultProxy): MailServer => ({ host, port, security: 'cleartext' });
  const messageIdSecret = randomBytes(32);
  const before = { ...direct, smtp: { ...direct.smtp, server: at(smtp) }, imap: { ...direct.imap, server: at(imap) } };
  const limits = moment.startsWith('silent') ? SILENT_LIMITS : CUT_LIMITS;
  await using here = openMailTools(before, { messageIdSecret, ...limits });
  await here.call('list_mailboxes');

  const send = (tools: typeof here) =>
    tools.call('send_mail_message', call).then(
      (): Outcome => 'sent',
      (error: unknown): Outcome => {
        if (!(error instanceof UpstreamError)) throw error;
        return error.fault === 'unknown_outcome' ? 'unknown' : 'nothing sent';
      },
    );
  const proxy = protocol === 'imap' ? imap : smtp;
  const fault = nth(command);
  proxy.arm(fault.pattern, moment);
  const first = await send(here);
  fault.disarm();
  const hasFailed = proxy.happened() > 0;

  // The same proxies without faults, so that the address of the mailbox is the same.
  await using elsewhere = openMailTools(before, { messageIdSecret });
  const again = [await send(elsewhere), await send(elsewhere)];
  await elsewhere.call('send_mail_message', { to: recipient.email, subject: 'last', text_body: '' });
  await waitUntil(20_000, async () => (await subjectsIn(recipient, 'INBOX')).includes('last'));
  const count = async (account: typeof sender, mailbox: string) =>
    (await subjectsIn(account, mailbox)).filter((subject) => subject === 'once').length;
  return {
    hasFailed,
    first,
    again,
    arrived: await count(recipient, 'INBOX'),
    inSent: await count(sender, 'Sent'),
    inDrafts: await count(sender, 'Drafts'),
    flags: (await messagesIn(sender, 'INBOX')).flatMap(({ flags }) => flags),
  };
}

/** `UID FETCH 5 (BODY.PEEK[2]<65536.65536>)` without its offset. */
const PIECE = /^UID FETCH .*\]<(?=\d)/;

/** Timeouts for faults that are silent. */
const SILENT_LIMITS = { imap: { silenceMs: 1_500 }, smtp: { silenceMs: 1_500, greetingMs: 1_500 } };
/** A cut of what has no answer of its own, such as the lines of a message, is silent too. */
const CUT_LIMITS = { smtp: { silenceMs: 5_000, greetingMs: 3_000 } };

/** Matches the nth command, counted from 0. Pieces of a file, which are fetched one after the other, count as one. */
function nth(n: number): { pattern: RegExp; disarm(): void } {
  let left = n;
  let last = '';
  const test = (command: string): boolean => {
    const piece = PIECE.exec(command)?.[0];
    const isNext = piece !== undefined && piece === last;
    last = piece ?? '';
    return !isNext && left-- === 0;
  };
  return {
    pattern: Object.assign(/./, { test }),
    disarm: () => {
      left = -1;
    },
  };
}
