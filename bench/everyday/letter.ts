/** Builds the messages of the everyday mailbox as their mail servers would have delivered them: the same bytes in every run. */
import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';

/** A message before it is built. */
export interface Letter {
  folder: string;
  /** Arrival, ISO 8601 in UTC; also the Date header. */
  at: string;
  /** As in a header: `Ada <ada@example.test>`. */
  from: string;
  to: string;
  cc?: string;
  subject: string;
  /** The part of the Message-ID before the `@`. Default: derived from folder, time and subject. */
  id?: string;
  /** Message-IDs of the letters before it in the conversation, oldest first, without the domain. */
  after?: readonly string[];
  text?: string;
  html?: string;
  /** Default: the one that the composer chooses. */
  encoding?: 'base64' | 'quoted-printable';
  headers?: Record<string, string>;
  files?: readonly { filename: string; contentType: string; content: string | Buffer }[];
  /** An iCalendar object with METHOD:REQUEST. */
  invitation?: string;
  /** What the account's own server has found out about the sender; default: pass. */
  verdict?: 'pass' | 'fail' | 'none';
  isUnread?: boolean;
  flags?: readonly string[];
  /** The whole message below the fields of the delivery, instead of all fields above. */
  raw?: string;
}

/** A message of a mailbox. */
export interface MailboxMessage {
  folder: string;
  flags: string[];
  arrivedAt: Date;
  raw: Buffer;
}

/** The server of the account: the authserv-id of its Authentication-Results (RFC 8601). */
export const OWN_MAIL_SERVER = 'mail.example.test';
const ID_DOMAIN = 'post.example.test';
/** Folders whose messages the account owner has written: no server has delivered them. */
const WRITTEN_HERE = ['Sent', 'Drafts'];

export async function buildLetter(letter: Letter): Promise<MailboxMessage> {
  const { folder, at, isUnread = false, flags = [] } = letter;
  const composed = letter.raw === undefined ? await compose(letter) : Buffer.from(letter.raw.replaceAll('\n', '\r\n'));
  const delivery = WRITTEN_HERE.includes(folder) ? '' : deliveryFields(letter);
  return {
    folder,
    flags: [...(isUnread ? [] : ['\\Seen']), ...flags],
    arrivedAt: new Date(at),
    raw: Buffer.concat([Buffer.from(delivery), composed]),
  };
}

export const idOf = ({ id, folder, at, subject }: Letter): string =>
  id ?? createHash('sha256').update(`${folder} ${at} ${subject}`).digest('hex').slice(0, 20);

const messageId = (id: string): string => `<${id}@${ID_DOMAIN}>`;

function compose(letter: Letter): Promise<Buffer> {
  const { from, to, cc, subject, at, after = [], text, html, encoding, headers, files = [], invitation } = letter;
  const mail = new MailComposer({
    ...{ from, to, cc, subject, headers, encoding, html },
    // The composer would make a message without text otherwise, where there is only HTML.
    ...(text !== undefined && { text }),
    date: new Date(at),
    messageId: messageId(idOf(letter)),
    ...(after.length > 0 && { inReplyTo: messageId(after.at(-1) ?? ''), references: after.map(messageId) }),
    // The default is random.
    baseBoundary: idOf(letter),
    attachments: files.map((file) => ({ ...file })),
    ...(invitation !== undefined && { icalEvent: { method: 'REQUEST', content: invitation } }),
  });
  return mail.compile().build();
}

/** The fields that the servers on the way have added, the last one on top. */
function deliveryFields({ from, at, verdict = 'pass' }: Letter): string {
  const address = /<([^>]+)>/.exec(from)?.[1] ?? from;
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const signed = verdict === 'pass' ? 'pass' : 'none';
  return [
    `Return-Path: <${address}>`,
    `Received: from mx.${domain} (mx.${domain} [192.0.2.25])`,
    `\tby ${OWN_MAIL_SERVER} with ESMTPS; ${new Date(at).toUTCString().replace('GMT', '+0000')}`,
    `Authentication-Results: ${OWN_MAIL_SERVER};`,
    `\tdkim=${signed}${signed === 'pass' ? ` header.d=${domain}` : ''};`,
    `\tspf=${verdict} smtp.mailfrom=${address};`,
    `\tdmarc=${verdict} header.from=${domain}`,
    '',
  ].join('\r\n');
}
