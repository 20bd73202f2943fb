/** Starts the mail servers of the demo in memory. */
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import hoodiecrow from 'hoodiecrow-imap';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import { SMTPServer } from 'smtp-server';
import { repairImap } from './imap-repairs.ts';
import { INBOX, type Letter, OWNER } from './letters.ts';

export interface DemoMailbox {
  username: string;
  password: string;
  imapPort: number;
  smtpPort: number;
  /** What the SMTP server has accepted, in order. */
  accepted: readonly Accepted[];
  /** What the IMAP server has in a folder. */
  messagesIn(folder: string): { raw: string; flags: readonly string[] }[];
  close(): Promise<void>;
}

interface Accepted {
  recipients: readonly string[];
  raw: string;
}

/** Starts an IMAP server in memory with some messages, and an SMTP server that delivers mail to the owner into it. Loopback only. */
export async function startMailbox(password: string): Promise<DemoMailbox> {
  const username = OWNER.email;
  const imap = hoodiecrow({
    plugins: [
      'ID',
      'SASL-IR',
      'AUTH-PLAIN',
      'NAMESPACE',
      'ENABLE',
      'LITERALPLUS',
      'UNSELECT',
      'SPECIAL-USE',
      'UIDPLUS',
      'MOVE',
      'CONDSTORE',
      repairImap,
    ],
    users: { [username]: { password } },
    storage: {
      INBOX: { messages: await Promise.all(INBOX.map(asMessage)) },
      '': {
        separator: '/',
        folders: {
          Archive: { 'special-use': '\\Archive' },
          Drafts: { 'special-use': '\\Drafts' },
          Newsletters: {},
          Sent: { 'special-use': '\\Sent' },
          Trash: { 'special-use': '\\Trash' },
        },
      },
    },
  });
  // It writes each line by itself: with Nagle's algorithm, each answer would wait for the acknowledgement of the last one.
  imap.server.on('connection', (socket) => socket.setNoDelay(true));
  const accepted: Accepted[] = [];
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    onAuth: (auth, _session, callback) =>
      auth.username === username && auth.password === password
        ? callback(null, { user: username })
        : callback(new Error('Wrong user name or password')),
    onData: (stream, { envelope }, callback) => {
      text(stream).then((raw) => {
        const recipients = envelope.rcptTo.map(({ address }) => address);
        accepted.push({ recipients, raw });
        if (recipients.includes(username)) imap.appendMessage('INBOX', [], undefined, raw);
        callback();
      }, callback);
    },
  });
  await new Promise<void>((listening) => imap.listen(0, '127.0.0.1', listening));
  await new Promise<void>((listening) => void smtp.listen(0, '127.0.0.1', listening));
  return {
    ...{ username, password, accepted },
    messagesIn: (folder) =>
      imap.getMailbox(folder).messages.map(({ raw, flags = [] }) => ({ raw: String(raw), flags })),
    imapPort: portOf(imap.server.address()),
    smtpPort: portOf(smtp.server.address()),
    close: async () => {
      await Promise.all([
        new Promise<void>((closed) => imap.close(closed)),
        new Promise<void>((closed) => smtp.close(closed)),
      ]);
    },
  };
}

async function asMessage({ hoursAgo, flags, attachment, headers = {}, ...letter }: Letter) {
  const date = new Date(Date.now() - hoursAgo * 3_600_000);
  const mail = new MailComposer({
    ...letter,
    headers: { ...headers },
    to: `${OWNER.fullName} <${OWNER.email}>`,
    date,
    attachments: attachment === undefined ? [] : [attachment],
  });
  return { raw: (await mail.compile().build()).toString('latin1'), flags: [...flags], internaldate: imapDate(date) };
}

/** RFC 3501 §9, date-time. */
function imapDate(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}-${month}-${year} ${time} +0000`;
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('The demo mail server has no port');
  return address.port;
}
