import { Readable } from 'node:stream';
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { ToolError } from '../../../src/errors.ts';
import { composeMessage, type OutgoingMessage } from '../../../src/mail/send/compose.ts';
import { collectBytes } from '../../support/mail/collect-bytes.ts';

const outgoing = (changes: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  from: { fullName: 'Ada Lovelace', email: 'ada@example.test' },
  to: 'ann@example.test',
  subject: 'Invoice 42',
  text: 'Hello\n',
  attachments: [],
  date: new Date('2025-01-31T12:34:56Z'),
  ...changes,
});

async function header(changes: Partial<OutgoingMessage>): Promise<string> {
  const { raw } = await composeMessage(outgoing(changes));
  return raw.toString('utf8').split('\r\n\r\n')[0] ?? '';
}

describe('composeMessage (RFC 5322)', () => {
  test('a message has the sender and the date of the call, and names no program', async () => {
    const fields = await header({});
    expect(fields).toContain('From: Ada Lovelace <ada@example.test>\r\n');
    expect(fields).toContain('To: ann@example.test\r\n');
    expect(fields).toContain('Date: Fri, 31 Jan 2025 12:34:56 +0000\r\n');
    expect(fields).toContain('MIME-Version: 1.0');
    expect(fields).not.toMatch(/nodemailer|x-mailer|user-agent/i);
  });

  test('the Message-ID is new each time, in the domain of the sender, unless it is an argument', async () => {
    const [one, two] = await Promise.all([composeMessage(outgoing()), composeMessage(outgoing())]);
    expect(one.messageId).toMatch(/^<[0-9a-f-]{36}@example\.test>$/);
    expect(one.messageId).not.toBe(two.messageId);
    expect(one.raw.toString()).toContain(`Message-ID: ${one.messageId}\r\n`);
    expect(await header({ messageId: '<mine@example.test>' })).toContain('Message-ID: <mine@example.test>');
  });

  test('subject, names, file names and texts in any language are preserved', async () => {
    const { raw } = await composeMessage(
      outgoing({
        from: { fullName: 'Zoë Müller', email: 'zoe@bücher.example' },
        to: '"Grüße, 日本" <ann@example.test>, Füße: bob@example.test;',
        subject: `Überweisung 日本語 🎌 ${'sehr lang '.repeat(30)}`.trim(),
        text: 'Grüße\n.\nEnde 🎌',
        html: '<p>Grüße 🎌</p>',
        attachments: [
          {
            filename: 'Rechnung für März 🎌.pdf',
            contentType: 'application/pdf',
            content: Buffer.from([0, 13, 10, 255]),
          },
        ],
      }),
    );
    expect(raw.toString('latin1')).not.toMatch(/[^\x20-\x7e\r\n\t]/);
    const parsed = await simpleParser(await collectBytes(raw));
    expect(parsed.subject).toBe(`Überweisung 日本語 🎌 ${'sehr lang '.repeat(30)}`.trim());
    expect(parsed.from?.value[0]).toMatchObject({ name: 'Zoë Müller', address: 'zoe@bücher.example' });
    expect([parsed.to].flat()[0]?.value).toMatchObject([
      { name: 'Grüße, 日本', address: 'ann@example.test' },
      { name: 'Füße', group: [{ address: 'bob@example.test' }] },
    ]);
    expect(parsed.text?.trim()).toBe('Grüße\n.\nEnde 🎌');
    expect(parsed.html).toContain('<p>Grüße 🎌</p>');
    expect(parsed.attachments).toMatchObject([
      { filename: 'Rechnung für März 🎌.pdf', contentType: 'application/pdf' },
    ]);
    expect(parsed.attachments[0]?.content).toEqual(Buffer.from([0, 13, 10, 255]));
  });

  test('every line ends in CRLF, with any line ends in the text', async () => {
    const { raw } = await composeMessage(outgoing({ text: 'a\nb\r\nc\rd', html: '<p>\n</p>' }));
    expect(raw.toString('latin1').replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect((await simpleParser(await collectBytes(raw))).text?.trim()).toBe('a\nb\nc\nd');
  });

  test('Bcc is in the copy only; the other bytes are the same', async () => {
    const bcc = Array.from({ length: 30 }, (_, n) => `Secret ${n} <secret-${n}@example.test>`).join(', ');
    const { raw, rawWithBcc, envelope } = await composeMessage(
      outgoing({
        cc: 'cc@example.test',
        bcc,
        text: 'Bcc: not a field\n',
        attachments: [{ filename: 'a.txt', contentType: 'text/plain', content: Buffer.from('Bcc: x\r\n') }],
      }),
    );
    expect(raw.toString()).not.toMatch(/secret/i);
    const kept = rawWithBcc.toString();
    const field = /^Bcc: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)+/m.exec(kept)?.[0] ?? 'missing';
    expect(field).toContain('secret-29@example.test');
    expect(kept.replace(field, '')).toBe(raw.toString());
    expect(envelope.from).toBe('ada@example.test');
    expect(envelope.to).toEqual([
      'ann@example.test',
      'cc@example.test',
      ...Array.from({ length: 30 }, (_, n) => `secret-${n}@example.test`),
    ]);
  });

  test('without Bcc both are the same bytes', async () => {
    const { raw, rawWithBcc } = await composeMessage(outgoing({ html: '<b>x</b>' }));
    expect((await collectBytes(raw)).equals(await collectBytes(rawWithBcc))).toBe(true);
  });

  test('an empty group is a To field without recipients', async () => {
    const { raw, envelope } = await composeMessage(
      outgoing({ to: 'undisclosed-recipients:;', bcc: 'ann@example.test' }),
    );
    expect(raw.toString()).toMatch(/^To: "?undisclosed-recipients"?:;\r$/m);
    expect(envelope.to).toEqual(['ann@example.test']);
  });

  test('attachments may be streams, and have the disposition attachment', async () => {
    const content = Readable.from([Buffer.from('<script>'), Buffer.from('</script>')]);
    const { raw } = await composeMessage(
      outgoing({ attachments: [{ filename: 'a.html', contentType: 'text/html', content }] }),
    );
    expect((await simpleParser(await collectBytes(raw))).attachments).toMatchObject([
      { contentDisposition: 'attachment', contentType: 'text/html', size: 17 },
    ]);
  });

  test.each(['multipart/mixed', 'message/rfc822', 'text/plain\r\nX-Evil: 1', 'nonsense', ''])(
    'an attachment of type %j is carried as application/octet-stream',
    async (contentType) => {
      const content = Buffer.from('--x\r\n\r\n');
      const { raw } = await composeMessage(
        outgoing({ attachments: [{ filename: 'a\r\nX-Evil: 1', contentType, content }] }),
      );
      expect(raw.toString()).not.toMatch(/^X-Evil/m);
      const { attachments } = await simpleParser(await collectBytes(raw));
      expect(attachments).toMatchObject([{ contentType: 'application/octet-stream', content }]);
    },
  );

  test('a name with line breaks adds no field', async () => {
    const fields = await header({ from: { fullName: 'Ada\r\nBcc: eve@example.test', email: 'ada@example.test' } });
    expect(fields).not.toMatch(/^Bcc/m);
  });

  test.each<[Partial<OutgoingMessage>, string]>([
    [{ to: 'unknown' }, 'to, address 1, "unknown"'],
    [{ bcc: 'a@b.test, c' }, 'bcc, address 2, "c"'],
    [{ subject: 'a\r\nBcc: eve@example.test' }, 'subject: line breaks'],
    [{ from: { fullName: '', email: 'unknown' } }, 'The From address'],
    [
      {
        to: Array.from({ length: 150 }, (_, n) => `t${n}@b.test`).join(),
        cc: Array.from({ length: 51 }, (_, n) => `c${n}@b.test`).join(),
      },
      '201 addresses; at most 200',
    ],
    [
      { attachments: [{ filename: 'a', contentType: 'x/y', content: Buffer.alloc(27 * 1024 * 1024) }] },
      'larger than 35 MiB as sent',
    ],
  ])('%# is refused with a ToolError that says what to change', async (changes, sentence) => {
    const failure = await composeMessage(outgoing(changes)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ToolError);
    expect(String(failure)).toContain(sentence);
  });

  test('an endless attachment is refused, and every stream is destroyed', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1024 * 1024));
      },
    });
    const waiting = new Readable({ read() {} });
    const failure = composeMessage(
      outgoing({
        attachments: [endless, waiting].map((content) => ({ filename: 'a', contentType: 'x/y', content })),
      }),
    );
    await expect(failure).rejects.toThrow('35 MiB');
    expect([endless.destroyed, waiting.destroyed]).toEqual([true, true]);
  });

  test('the error of an attachment stream is thrown, and nothing is composed', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('the source broke'));
      },
    });
    const failure = composeMessage(outgoing({ attachments: [{ filename: 'a', contentType: 'x/y', content: broken }] }));
    await expect(failure).rejects.toThrow('the source broke');
  });
});

describe('a subject', () => {
  const subjectOf = async (subject: string) => {
    const { raw } = await composeMessage(outgoing({ subject }));
    const [header = ''] = raw.toString('latin1').split('\r\n\r\n');
    for (const line of header.split('\r\n')) expect(line.length).toBeLessThan(999);
    return { header, parsed: (await simpleParser(await collectBytes(raw))).subject };
  };

  test.each([
    '=?utf-8?q?hello?=',
    '=?UTF-8?B?aGVsbG8=?=',
    'Re: =?iso-8859-1?Q?a=E4?= and more',
    'before =?utf-8?B?w6Q=?= =?utf-8?B?w7Y=?= after',
    '=?utf-8?q?a b?=',
    '=?x?y',
    'what=?',
    `=?utf-8?q?${'long'.repeat(60)}?=`,
    'Größe =?utf-8?q?x?=',
  ])('that looks like an encoded word arrives as it was written: %s', async (subject) => {
    const { header, parsed } = await subjectOf(subject);
    expect(parsed).toBe(subject);
    expect(header).not.toContain(subject);
  });

  test('of one very long word arrives, in lines that every server takes', async () => {
    expect((await subjectOf('x'.repeat(1_900))).parsed).toBe('x'.repeat(1_900));
  });

  test.each(['Hello', 'What = what?', 'a?b=c', '50 % off'])('in plain words is not encoded: %s', async (subject) => {
    expect((await subjectOf(subject)).header).toContain(`Subject: ${subject}`);
  });
});
