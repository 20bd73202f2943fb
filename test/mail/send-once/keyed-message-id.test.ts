import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { keyedMessageId } from '../../../src/mail/send-once/keyed-message-id.ts';

const secret = Buffer.alloc(32, 7);
const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
const server = { host: 'mail.example.test', port: 993, security: 'tls' as const };
const account: MailAccount = {
  fullName: 'Ada',
  email: 'ada@Bücher.example',
  imap: { server, login },
  smtp: { server, login },
};
const call = { tool: 'send_mail_message', idempotencyKey: 'a', content: ['x'] };
const idOf = (over: Partial<typeof call> = {}, of: MailAccount = account, key = secret) =>
  keyedMessageId(key, of, { ...call, ...over });

describe('a Message-ID from an idempotency key', () => {
  test('is the same for the same call, and in the syntax of RFC 5322 §3.6.4', async () => {
    expect(await idOf()).toEqual(await idOf());
    expect((await idOf()).messageId).toMatch(/^<[0-9a-f]{40}\.[0-9a-f]{20}@xn--bcher-kva\.example>$/);
  });

  test('does not depend on the password and the case of the host name', async () => {
    const later = { server: { ...server, host: 'MAIL.example.test' }, login: { ...login, password: 'new' } };
    expect(await idOf({}, { ...account, imap: later })).toEqual(await idOf());
  });

  test('differs in its second part only if the contents differ', async () => {
    expect((await idOf({ content: ['y'] })).place).toBe((await idOf()).place);
    expect((await idOf({ content: ['y'] })).localPart).not.toBe((await idOf()).localPart);
  });

  test.each([
    ['key', idOf({ idempotencyKey: 'b' })],
    ['tool', idOf({ tool: 'create_draft_mail_message' })],
    ['mailbox', idOf({}, { ...account, imap: { server, login: { ...login, username: 'bo' } } })],
    ['server', idOf({}, { ...account, imap: { server: { ...server, host: 'other.test' }, login } })],
    ['port of the server', idOf({}, { ...account, imap: { server: { ...server, port: 1993 }, login } })],
    ['secret', idOf({}, account, randomBytes(32))],
  ])('differs in its first part with another %s', async (_what, other) => {
    expect((await other).place).not.toBe((await idOf()).place);
  });

  test.each([
    ['letters', 'x'],
    ['control characters', '\u0001'],
    ['quotation marks', '"\\'],
    ['halves of characters', '\ud83d'],
    ['characters of two halves', 'x\u{1f600}'],
  ])('is that of the whole text as JSON, and leaves turns to others, for millions of %s', async (_what, unit) => {
    const content = ['to', unit.repeat(8_000_000 / unit.length), ''];
    const state = { isDone: false };
    const id = idOf({ content }).finally(() => {
      state.isDone = true;
    });
    let turns = 0;
    for (; !state.isDone; turns += 1) await nextTurn();
    const { place, localPart } = await id;
    expect(turns).toBeGreaterThan(2);
    const hmac = createHmac('sha256', secret).update(JSON.stringify(['content', place, content]));
    expect(localPart).toBe(`${place}.${hmac.digest('hex').slice(0, 20)}`);
  });
});
