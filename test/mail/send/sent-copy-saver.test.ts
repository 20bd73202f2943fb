import { describe, expect, test } from 'vitest';
import { messageIdFields, sentCopySaver } from '../../../src/mail/send/sent-copy-saver.ts';

const login = { kind: 'password' as const, username: 'ada', password: 'x' };
const over = (host: string) => ({ smtp: { server: { host, port: 465, security: 'tls' as const }, login } });
const generic = { has: () => false };
const gmail = { has: (capability: string) => capability === 'X-GM-EXT-1' };

describe('which side saves the copy of a sent message', () => {
  test.each([
    ['smtp.gmail.com', 'provider'],
    ['SMTP.GMAIL.COM.', 'provider'],
    ['smtp.office365.com', 'provider'],
    ['smtp-mail.outlook.com', 'provider'],
    ['smtp.zoho.eu', 'unknown'],
    ['smtp.mail.me.com', 'unknown'],
    ['mail.example.com', 'client'],
    // Other servers whose names begin or end like one of them, and a relay without mailboxes.
    ['evilsmtp.gmail.com', 'client'],
    ['smtp.gmail.com.example.com', 'client'],
    ['smtp-relay.gmail.com', 'client'],
  ])('%s: %s', (host, saver) => {
    expect(sentCopySaver(over(host), generic)).toBe(saver);
  });

  test('with a Gmail mailbox and another SMTP server, Sent is searched', () => {
    expect(sentCopySaver(over('mail.example.com'), gmail)).toBe('unknown');
    expect(sentCopySaver(over('smtp.gmail.com'), gmail)).toBe('provider');
  });

  test('the setting of the operator takes precedence', () => {
    expect(sentCopySaver({ ...over('smtp.gmail.com'), sentCopy: 'always' }, gmail)).toBe('client');
    expect(sentCopySaver({ ...over('mail.example.com'), sentCopy: 'never' }, generic)).toBe('provider');
    expect(sentCopySaver({ ...over('smtp.gmail.com'), sentCopy: 'auto' }, gmail)).toBe('provider');
  });
});

test('where the provider replaces the Message-ID, the original one is searched too', () => {
  expect(messageIdFields(over('smtp.office365.com'))).toEqual(['Message-ID', 'X-Microsoft-Original-Message-ID']);
  expect(messageIdFields(over('smtp.gmail.com'))).toEqual(['Message-ID']);
});
