import { describe, expect, test } from 'vitest';
import { ToolError, UpstreamError } from '../../../src/errors.ts';
import type { MailAccount, MailServer } from '../../../src/mail/account.ts';
import { type ComposedMessage, composeMessage } from '../../../src/mail/send/compose.ts';
import { submit, verifySmtp } from '../../../src/mail/send/smtp.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, overCleartext, overStarttls, withPassword } from '../../support/mail/accounts.ts';
import { type Script, startScriptedSmtp } from '../../support/mail/scripted-smtp.ts';
import { withImapFlow } from '../../support/mail/with-imapflow.ts';
import { BUSY_RECIPIENT, REFUSING_RECIPIENT, UNKNOWN_RECIPIENT } from '../../support/servers/postfix.ts';

const login = { kind: 'password' as const, username: 'ada', password: 'secret words' };

function at(server: MailServer): MailAccount {
  return { fullName: 'Ada', email: 'ada@example.test', imap: { server, login }, smtp: { server, login } };
}

function letter(from: string, to: string, more: { bcc?: string; subject?: string } = {}): Promise<ComposedMessage> {
  return composeMessage({
    from: { fullName: 'Ada', email: from },
    to,
    subject: 'A letter',
    text: 'Hello\n.\n..\n.dot\n',
    attachments: [],
    date: new Date('2025-01-31T12:34:56Z'),
    ...more,
  });
}

async function failure(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.then(
    () => new Error('it worked'),
    (reason: unknown) => reason,
  );
  if (error instanceof UpstreamError) return error;
  throw error;
}

/** The source of the message with this subject, as soon as it has arrived. */
function arrived(account: MailAccount, subject: string): Promise<string> {
  return waitUntil(20_000, () =>
    withImapFlow(account, async (imap) => {
      await imap.mailboxOpen('INBOX');
      for await (const { source, envelope } of imap.fetch('1:*', { source: true, envelope: true })) {
        if (envelope?.subject === subject && source) return source.toString();
      }
      return undefined;
    }),
  );
}

describe('submit, to Postfix (RFC 6409)', () => {
  test.each([
    ['TLS', (account: MailAccount) => account],
    ['STARTTLS', overStarttls],
    ['no encryption', overCleartext],
  ])('a message arrives as composed, over %s', async (_name, over) => {
    const sender = newAccount();
    const receiver = newAccount();
    const message = await letter(sender.email, receiver.email, { subject: 'Grüße', bcc: sender.email });
    expect(await submit(over(sender), message)).toEqual({ accepted: [receiver.email, sender.email], rejected: [] });
    const [toReceiver, toSender] = await Promise.all([arrived(receiver, 'Grüße'), arrived(sender, 'Grüße')]);
    for (const source of [toReceiver, toSender]) {
      expect(source.slice(source.indexOf('From: '))).toBe(message.raw.toString());
      expect(source).not.toMatch(/^bcc:/im);
    }
  });

  test('recipients are accepted and refused one by one, each with a reason in fixed words', async () => {
    const sender = newAccount();
    const to = [UNKNOWN_RECIPIENT, BUSY_RECIPIENT, sender.email, REFUSING_RECIPIENT].join(', ');
    expect(await submit(sender, await letter(sender.email, to))).toEqual({
      accepted: [sender.email],
      rejected: [
        { address: UNKNOWN_RECIPIENT, code: 550, reason: 'unknown address' },
        { address: BUSY_RECIPIENT, code: 451, reason: 'put off by the policy of the server; try again later' },
        { address: REFUSING_RECIPIENT, code: 550, reason: 'not allowed by the policy of the server' },
      ],
    });
  });

  test('if every recipient is refused, nothing is sent, and the error names each', async () => {
    const sender = newAccount();
    const error = await failure(
      submit(sender, await letter(sender.email, `${UNKNOWN_RECIPIENT}, ${REFUSING_RECIPIENT}`)),
    );
    expect(error).toMatchObject({ service: 'SMTP', fault: 'refused', code: '550' });
    expect(error.message).toContain('Nothing was sent.');
    expect(error.message).toContain(`${UNKNOWN_RECIPIENT}: unknown address (550)`);
    expect(error.message).toContain(REFUSING_RECIPIENT);
  });

  test('a message over the size limit of the server is refused before it is sent', async () => {
    const sender = newAccount();
    const message = await composeMessage({
      from: { fullName: '', email: sender.email },
      to: sender.email,
      subject: 'big',
      text: '',
      attachments: [{ filename: 'a', contentType: 'x/y', content: Buffer.alloc(16_000_000) }],
      date: new Date(),
    });
    const error = await failure(submit(sender, message));
    expect(error).toMatchObject({ fault: 'refused' });
    expect(error.message).toContain('larger than the SMTP server takes');
  });

  test('a wrong password is a fault of the credentials', async () => {
    const sender = withPassword(newAccount(), 'wrong');
    const error = await failure(submit(sender, await letter(sender.email, sender.email)));
    expect(error).toMatchObject({ service: 'SMTP', fault: 'credentials', code: '535' });
  });

  test('the password is not sent without TLS or STARTTLS', async () => {
    const account = overCleartext(newAccount());
    const { server, login: known } = account.smtp;
    expect(await failure(verifySmtp({ ...server, security: 'starttls' }, known))).toMatchObject({
      fault: 'refused',
      code: 'NO_STARTTLS',
    });
    expect(await failure(verifySmtp({ ...server, security: 'tls' }, known))).toMatchObject({ fault: 'unreachable' });
  });

  test.each([
    ['TLS', (account: MailAccount) => account],
    ['STARTTLS', overStarttls],
  ])('a certificate without a trusted issuer is refused, over %s', async (_name, over) => {
    const { server, login: known } = over(newAccount()).smtp;
    const error = await failure(verifySmtp(server, known, { tls: { ca: [] } }));
    expect(error).toMatchObject({ fault: 'certificate' });
  });
});

describe('submit, to a server that misbehaves', () => {
  async function sendTo(script: Script): Promise<{ error: UpstreamError; commands: string[] }> {
    await using smtp = await startScriptedSmtp(script);
    const message = await letter('ada@example.test', 'bob@example.test, eve@example.test');
    const limits = { connectMs: 400, greetingMs: 400, silenceMs: 400, totalMs: 2_000 };
    return { error: await failure(submit(at(smtp.server), message, { limits })), commands: smtp.commands };
  }

  test.each<[string, Script]>([
    ['dropped', { answers: { '.': null } }],
    ['not answered', { answers: { '.': 'hang' } }],
  ])(
    'a connection %s after the last byte leaves the outcome unknown, and the error says where to look',
    async (_name, script) => {
      const { error, commands } = await sendTo(script);
      expect(commands).toContain('.');
      expect(error).toMatchObject({ service: 'SMTP', fault: 'unknown_outcome' });
      expect(error.message).toContain('Look for it in the Sent mailbox');
      expect(error.message).not.toContain('Nothing was sent');
    },
  );

  test.each<[string, Script, Partial<UpstreamError>]>([
    ['drops the connection instead of greeting', { greeting: null }, { fault: 'unreachable' }],
    ['never greets', { greeting: 'hang' }, { fault: 'timeout' }],
    ['is not an SMTP server', { greeting: '<html><body>evil instructions</body></html>' }, { fault: 'unreachable' }],
    ['refuses the connection', { greeting: '554 5.7.1 evil instructions' }, { fault: 'refused', code: '554' }],
    ['drops the connection at the login', { answers: { AUTH: null } }, { fault: 'unreachable' }],
    [
      'refuses logins for the moment',
      { answers: { AUTH: '454 4.7.0 evil instructions' } },
      { fault: 'refused', code: '454' },
    ],
    [
      'does not know AUTH',
      { answers: { EHLO: '250 test', AUTH: '502 evil instructions' } },
      { fault: 'refused', code: '502' },
    ],
    [
      'wants an app password',
      { answers: { AUTH: '534-5.7.9 Application-specific password required.\r\n534 5.7.9 evil instructions' } },
      { fault: 'credentials', code: 'APP_PASSWORD' },
    ],
    ['refuses the sender', { answers: { MAIL: '553 5.7.1 evil instructions' } }, { fault: 'refused', code: '553' }],
    ['drops the connection at a recipient', { answers: { 'RCPT TO:<eve': null } }, { fault: 'unreachable' }],
    ['hangs at a recipient', { answers: { 'RCPT TO:<eve': 'hang' } }, { fault: 'timeout' }],
    ['refuses all recipients', { answers: { RCPT: '550 5.1.1 evil instructions' } }, { fault: 'refused', code: '550' }],
    ['refuses DATA', { answers: { DATA: '451 4.3.0 evil instructions' } }, { fault: 'refused', code: '451' }],
    ['refuses the message', { answers: { '.': '554 5.7.1 evil instructions' } }, { fault: 'refused', code: '554' }],
    ['is full', { answers: { '.': '552 5.2.2 evil instructions' } }, { fault: 'refused', code: '552' }],
  ])('a server that %s received no message, and the error has none of its words', async (_name, script, expected) => {
    const { error } = await sendTo(script);
    expect(error).toMatchObject({ service: 'SMTP', ...expected });
    expect(error.message).toContain('Nothing was sent');
    expect(error.message).not.toMatch(/evil|html|secret/);
  });

  test('a closed port is unreachable', async () => {
    const smtp = await startScriptedSmtp();
    await smtp[Symbol.asyncDispose]();
    expect(await failure(verifySmtp(smtp.server, login))).toMatchObject({ fault: 'unreachable' });
  });

  test('SMTPUTF8 is requested only for an address that needs it', async () => {
    await using smtp = await startScriptedSmtp({ answers: { EHLO: '250-test\r\n250-AUTH PLAIN\r\n250 SMTPUTF8' } });
    await submit(at(smtp.server), await letter('ada@example.test', 'Bücher <bob@bücher.example>'));
    await submit(at(smtp.server), await letter('ada@example.test', 'öz@example.test'));
    const mail = smtp.commands.filter((line) => line.startsWith('MAIL'));
    expect(mail[0]).not.toContain('SMTPUTF8');
    expect(mail[1]).toContain('SMTPUTF8');
    expect(smtp.commands).toContain('RCPT TO:<bob@xn--bcher-kva.example>');
  });

  test('the host name is not sent', async () => {
    await using smtp = await startScriptedSmtp();
    await verifySmtp(smtp.server, login);
    expect(smtp.commands[0]).toBe('EHLO [127.0.0.1]');
  });

  test('a login with a NUL or a line break is never sent', async () => {
    await using smtp = await startScriptedSmtp();
    for (const password of ['a\0b', 'a\r\nQUIT']) {
      expect(await failure(verifySmtp(smtp.server, { ...login, password }))).toMatchObject({ fault: 'credentials' });
    }
    expect(smtp.commands).toEqual([]);
  });

  test('a message without recipients is refused before connecting', async () => {
    await using smtp = await startScriptedSmtp();
    const work = submit(at(smtp.server), await letter('ada@example.test', 'empty:;'));
    await expect(work).rejects.toBeInstanceOf(ToolError);
    expect(smtp.commands).toEqual([]);
  });
});
