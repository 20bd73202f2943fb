/** Builds messages (RFC 5322); fields that a test does not set have defaults. */
import MailComposer from 'nodemailer/lib/mail-composer/index.js';

export interface TestMessage {
  /** The bytes, with CRLF line ends. */
  raw: Buffer;
  /** `\Seen`, `$Label1`. */
  flags: string[];
  /** INTERNALDATE. */
  date: Date;
}

export interface MessageOptions {
  subject?: string;
  /** Address list as in a header: `Ada <ada@example.test>, bob@example.test`. */
  from?: string;
  sender?: string;
  replyTo?: string;
  to?: string;
  cc?: string;
  bcc?: string;
  /** Date header and INTERNALDATE. */
  date?: Date;
  messageId?: string;
  inReplyTo?: string;
  references?: string[];
  text?: string;
  html?: string;
  attachments?: { filename?: string; contentType?: string; content: Buffer | string; cid?: string; inline?: true }[];
  headers?: Record<string, string>;
  /** Default: none, which means unread. */
  flags?: string[];
  /** The whole message, instead of all fields above except flags and date. Bare LF becomes CRLF. */
  raw?: string | Buffer;
}

const DEFAULT_DATE = new Date('2025-03-04T05:06:07Z');

export async function message(options: MessageOptions = {}): Promise<TestMessage> {
  const { flags = [], date = DEFAULT_DATE } = options;
  return { raw: options.raw === undefined ? await build(options) : withCrlf(options.raw), flags, date };
}

function build(options: MessageOptions): Promise<Buffer> {
  const { attachments = [], flags: _flags, raw: _raw, ...fields } = options;
  const mail = new MailComposer({
    from: 'Grace Hopper <grace@example.test>',
    to: 'ada@example.test',
    subject: 'A message',
    date: DEFAULT_DATE,
    ...fields,
    ...(fields.text === undefined && fields.html === undefined ? { text: 'Hello.\n' } : {}),
    attachments: attachments.map(({ inline, ...attachment }) => ({
      ...attachment,
      contentDisposition: inline ? ('inline' as const) : ('attachment' as const),
    })),
  });
  const compiled = mail.compile();
  compiled.keepBcc = true;
  return compiled.build();
}

function withCrlf(raw: string | Buffer): Buffer {
  const text = typeof raw === 'string' ? Buffer.from(raw) : raw;
  // latin1 maps each byte to one character and back, so bytes of any charset survive.
  return Buffer.from(text.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
