/** Tests messages to addresses with letters outside ASCII before the @ (SMTPUTF8, RFC 6531) beside other recipients. */
import { describe, expect, test } from 'vitest';
import type { MailAccount, MailServer } from '../../../src/mail/account.ts';
import { composeMessage } from '../../../src/mail/send/compose.ts';
import { submit } from '../../../src/mail/send/smtp.ts';
import { type Script, startScriptedSmtp } from '../../support/mail/scripted-smtp.ts';

const WITH_UTF8 = '250-test\r\n250-AUTH PLAIN\r\n250-8BITMIME\r\n250 SMTPUTF8';
const ASCII = ['bob@example.test', 'eve@example.test'];
const login = { kind: 'password' as const, username: 'ada', password: 'secret' };

function at(server: MailServer): MailAccount {
  return { fullName: 'Ada', email: 'ada@example.test', imap: { server, login }, smtp: { server, login } };
}

async function send(to: string, answers: Script['answers'] = {}, from = 'ada@example.test') {
  await using smtp = await startScriptedSmtp({ answers: { EHLO: WITH_UTF8, ...answers } });
  const message = await composeMessage({
    from: { fullName: '', email: from },
    ...{ to, subject: 'Hi', text: 'Hello', attachments: [], date: new Date('2025-01-31T12:34:56Z') },
  });
  const limits = { silenceMs: 500, totalMs: 4_000 };
  const outcome = await submit(at(smtp.server), message, { limits }).catch((error: unknown) => error);
  const transactions = smtp.commands.filter((line) => /^(?:MAIL|RCPT|\.$)/.test(line));
  return { outcome, transactions };
}

describe('a recipient with letters outside ASCII before the @', () => {
  test.each(['öz@example.test', '用户@example.test', 'δοκιμή@παράδειγμα.test', 'zoë@example.test'])(
    'gets a transaction of its own, and the others one without SMTPUTF8: %s',
    async (address) => {
      const { outcome, transactions } = await send(`bob@example.test, ${address}, eve@example.test`);
      expect(transactions).toEqual([
        'MAIL FROM:<ada@example.test>',
        ...ASCII.map((each) => `RCPT TO:<${each}>`),
        '.',
        'MAIL FROM:<ada@example.test> SMTPUTF8',
        expect.stringMatching(/^RCPT TO:<.+@.+>$/),
        '.',
      ]);
      expect(outcome).toMatchObject({
        accepted: [ASCII[0], expect.stringMatching(/^\P{ASCII}?.*@/u), ASCII[1]],
        rejected: [],
      });
    },
  );

  test('alone gets the only transaction', async () => {
    const { transactions } = await send('öz@example.test');
    expect(transactions.filter((line) => line.startsWith('MAIL'))).toEqual(['MAIL FROM:<ada@example.test> SMTPUTF8']);
  });

  test('is not in its domain: such a domain needs no SMTPUTF8', async () => {
    const { transactions } = await send('bob@bücher.example, eve@example.test');
    expect(transactions.filter((line) => line.startsWith('MAIL'))).toEqual(['MAIL FROM:<ada@example.test>']);
  });

  test('and a sender with such letters share one transaction', async () => {
    const { transactions } = await send('bob@example.test, öz@example.test', {}, 'zoë@example.test');
    expect(transactions.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });

  test('that the server does not take is refused alone, and is not sent to it', async () => {
    const { outcome, transactions } = await send('bob@example.test, öz@example.test', {
      EHLO: '250-test\r\n250 AUTH PLAIN',
    });
    expect(outcome).toEqual({
      accepted: ['bob@example.test'],
      rejected: [{ address: 'öz@example.test', code: null, reason: expect.stringContaining('ASCII') }],
    });
    expect(transactions).toEqual(['MAIL FROM:<ada@example.test>', 'RCPT TO:<bob@example.test>', '.']);
  });

  test('is the only one, and the server does not take it: nothing is sent, and the error says why', async () => {
    const { outcome, transactions } = await send('öz@example.test', { EHLO: '250-test\r\n250 AUTH PLAIN' });
    expect(outcome).toMatchObject({
      fault: 'refused',
      message: expect.stringMatching(/^Nothing was sent.*öz@example\.test.*ASCII/),
    });
    expect(transactions).toEqual([]);
  });
});

describe('if one of the two transactions fails', () => {
  test.each<[string, Script['answers'], RegExp]>([
    ['the server refuses the recipient', { 'RCPT TO:<\u00c3\u00b6z': '553 5.6.7 no' }, /./],
    ['the server drops the connection', { 'MAIL FROM:<ada@example.test> SMTPUTF8': null }, /not sent/],
    ['the server refuses the sender', { 'MAIL FROM:<ada@example.test> SMTPUTF8': '550 no' }, /not sent/],
    ['the server does not answer', { 'MAIL FROM:<ada@example.test> SMTPUTF8': 'hang' }, /not sent/],
  ])(
    'the second, those of the first have the message, and the others are reported: %s',
    async (_name, answers, reason) => {
      const { outcome } = await send('bob@example.test, öz@example.test', answers);
      expect(outcome).toMatchObject({
        accepted: ['bob@example.test'],
        rejected: [{ address: 'öz@example.test', reason: expect.stringMatching(reason) }],
      });
    },
  );

  test('the first, because every recipient of it is refused, the second is sent', async () => {
    const { outcome, transactions } = await send('bob@example.test, öz@example.test', {
      'RCPT TO:<bob': '550 5.1.1 no',
    });
    expect(outcome).toMatchObject({
      accepted: ['öz@example.test'],
      rejected: [{ address: 'bob@example.test', code: 550, reason: 'unknown address' }],
    });
    expect(transactions.filter((line) => line === '.')).toHaveLength(1);
  });

  test('both, every recipient is named, and nothing is sent', async () => {
    const { outcome } = await send('bob@example.test, öz@example.test', { RCPT: '550 5.1.1 no' });
    expect(outcome).toMatchObject({ fault: 'refused', code: '550' });
    expect(String(outcome)).toMatch(
      /Nothing was sent.*bob@example\.test: unknown address.*öz@example\.test: unknown address/,
    );
  });

  test.each<[string, Script['answers'], string]>([
    ['with an unknown outcome', { '.': null }, 'unknown_outcome'],
    ['as the message is refused', { '.': '554 5.7.1 no' }, 'refused'],
    ['as the connection is lost', { RCPT: null }, 'unreachable'],
  ])('the first, %s, the second is not begun', async (_name, answers, fault) => {
    const { outcome, transactions } = await send('bob@example.test, öz@example.test', answers);
    expect(outcome).toMatchObject({ fault });
    expect(transactions.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });
});
