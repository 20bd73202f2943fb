import { describe, expect, test } from 'vitest';
import { messageIdFields, whoFiles } from '../../../src/mail/send/sent-copies.ts';

const login = { kind: 'password' as const, username: 'ada', password: 'x' };
const over = (host: string) => ({ smtp: { server: { host, port: 465, security: 'tls' as const }, login } });
const generic = { has: () => false };
const gmail = { has: (capability: string) => capability === 'X-GM-EXT-1' };

describe('who files the copy of a sent message', () => {
  test.each([
    ['smtp.gmail.com', 'theirs'],
    ['SMTP.GMAIL.COM.', 'theirs'],
    ['smtp.office365.com', 'theirs'],
    ['smtp-mail.outlook.com', 'theirs'],
    ['smtp.zoho.eu', 'unsure'],
    ['smtp.mail.me.com', 'unsure'],
    ['mail.example.com', 'ours'],
    // Another server whose name only ends like one of them, and a relay that has no mailboxes.
    ['evilsmtp.gmail.com', 'ours'],
    ['smtp.gmail.com.example.com', 'ours'],
    ['smtp-relay.gmail.com', 'ours'],
  ])('%s: %s', (host, filing) => {
    expect(whoFiles(over(host), generic)).toBe(filing);
  });

  test('with a Gmail mailbox and another SMTP server, Sent is looked into', () => {
    expect(whoFiles(over('mail.example.com'), gmail)).toBe('unsure');
    expect(whoFiles(over('smtp.gmail.com'), gmail)).toBe('theirs');
  });

  test('the operator has the last word', () => {
    expect(whoFiles({ ...over('smtp.gmail.com'), sentCopy: 'always' }, gmail)).toBe('ours');
    expect(whoFiles({ ...over('mail.example.com'), sentCopy: 'never' }, generic)).toBe('theirs');
    expect(whoFiles({ ...over('smtp.gmail.com'), sentCopy: 'auto' }, gmail)).toBe('theirs');
  });
});

test('where the Message-ID is replaced, the original one is looked for as well', () => {
  expect(messageIdFields(over('smtp.office365.com'))).toEqual(['Message-ID', 'X-Microsoft-Original-Message-ID']);
  expect(messageIdFields(over('smtp.gmail.com'))).toEqual(['Message-ID']);
});
