/** Checks that the limit to certain recipients holds for every form of an address. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ToolError } from '../../../src/errors.ts';
import {
  includesRecipient,
  recipientEntry,
  requireEnvelope,
  requireHost,
  requireRecipients,
} from '../../../src/mcp/permit/recipients.ts';
import { UNLIMITED } from '../../../src/policy.ts';
import { eras, rawCaller } from '../../support/app/raw-calls.ts';
import { type Era, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const entries = ['ann@example.com', '@friends.example', '@xn--bcher-kva.example'];

const allowed = [
  'ann@example.com',
  'ANN@EXAMPLE.com',
  'Ann <ann@example.com>',
  '"evil@other.example" <ann@example.com>',
  'ann@example.com (bob@other.example)',
  'bo@friends.example, ann@example.com',
  'bo.at-all+all@FRIENDS.example',
  'Team: x@friends.example, ann@example.com;',
  'Empty:;',
  '"ann"@example.com',
  'bo@bücher.example',
  'bo@BÜCHER.example',
];

const strangers = [
  ['another address', 'bob@example.com'],
  ['another domain', 'ann@other.example'],
  ['a name that is an allowed address', '"ann@example.com" <bob@other.example>'],
  ['a comment that is an allowed address', 'bob@other.example (ann@example.com)'],
  ['one among allowed ones', 'ann@example.com, bob@other.example'],
  ['one in a group', 'Team: ann@example.com, bob@other.example;'],
  ['a domain below', 'bob@sub.friends.example'],
  ['a domain that ends alike', 'bob@notfriends.example'],
  ['a domain that begins alike', 'bob@friends.example.com'],
  ['a tag behind the name', 'ann+x@example.com'],
  ['a quoted local part with an allowed domain in it', '"x@friends.example"@other.example'],
  ['a quoted local part with an allowed address in it', '"ann@example.com"@other.example'],
  ['a local part that leads to another domain', 'bob%other.example@friends.example'],
  ['a path of hosts', 'other.example!bob@friends.example'],
  ['a quoted address at an allowed domain', '"bob@other.example"@friends.example'],
  ['a quoted local part that leads to another domain', '"bob%other.example"@friends.example'],
  ['a sign of full width that leads to another domain', 'bob\uff05other.example@friends.example'],
  ['an at sign of full width', 'bob\uff20other.example@friends.example'],
  ['an encoded word at an allowed domain', '=?utf-8?q?bob=40other.example?=@friends.example'],
  ['a letter that only looks alike in lower case', 'anK@example.com'.replace('an', 'a\u212a')],
  ['another letter', 'аnn@example.com'],
  ['an international domain that looks alike', 'ann@exаmple.com'],
] as const;

describe('a list of recipients', () => {
  const permit = { ...UNLIMITED, policy: { recipients: entries } };

  test.each(allowed)('allows %s', (to) => {
    expect(() => requireRecipients(permit, { to, cc: to, bcc: to })).not.toThrow();
  });

  test.each(strangers)('refuses %s', (_what, to) => {
    for (const parameter of ['to', 'cc', 'bcc']) {
      expect(() => requireRecipients(permit, { to: '', [parameter]: to })).toThrow(`(1 in ${parameter})`);
    }
  });

  test('reports the number of refused addresses by parameter, and no address', () => {
    const fields = { to: 'a@x.example, ann@example.com, b@x.example', cc: 'ann@example.com', bcc: 'c@x.example' };
    const stopped = () => requireRecipients(permit, fields);
    expect(stopped).toThrow(ToolError);
    expect(stopped).toThrow('(2 in to, 1 in bcc), as the operator of this server has limited it');
    expect(stopped).not.toThrow('x.example');
  });

  test('the lists of operator and owner both count, and the refusal names the one that refuses', () => {
    const both = { ...permit, consent: { recipients: ['ann@example.com', 'bob@other.example'] } };
    expect(() => requireRecipients(both, { to: 'ann@example.com' })).not.toThrow();
    expect(() => requireRecipients(both, { to: 'bob@other.example' })).toThrow('operator');
    expect(() => requireRecipients(both, { to: 'x@friends.example' })).toThrow('signing in again');
    expect(() => requireEnvelope(both, ['x@friends.example'])).toThrow('signing in again');
    expect(() => requireEnvelope(both, ['ann@example.com', 'bob@other.example'])).toThrow('operator');
  });

  test.each([
    ['news.example', true],
    ['go.news.example', true],
    ['ews.example', false],
    ['xnews.example', false],
    ['news.example.evil.example', false],
    ['example', false],
    ['friend.example', false],
    ['shop.co.uk', false],
  ])('UNSUB-06 decides about hosts too: %s is allowed: %s', (host, isAllowed) => {
    const listed = ['@news.example', 'ann@friend.example', '@co.uk'];
    for (const limited of [{ policy: { recipients: listed } }, { consent: { recipients: listed } }]) {
      const required = () => requireHost({ ...UNLIMITED, ...limited }, host);
      if (isAllowed) expect(required).not.toThrow();
      else expect(required).toThrow('its host is not allowed on this connection');
    }
    expect(() => requireHost(UNLIMITED, host)).not.toThrow();
  });

  test('an empty list allows no recipient', () => {
    expect(() => requireRecipients({ ...UNLIMITED, policy: { recipients: [] } }, { to: 'a@b.example' })).toThrow(
      '1 in to',
    );
  });

  test.each([
    ['Ann@Example.COM', 'ann@example.com'],
    ['@Example.com', '@example.com'],
    [' @example.com', undefined],
    ['@example.com ', undefined],
    ['ann@example.com\n', undefined],
    ['@bücher.example', '@xn--bcher-kva.example'],
    ['"odd one"@example.com', '"odd one"@example.com'],
    ['ann', undefined],
    ['@', undefined],
    ['a@b@c.example', undefined],
    ['Ann <ann@example.com>', undefined],
    ['@*', undefined],
    ['*@example.com', '*@example.com'],
  ])('%s is sealed as %s', (text, sealed) => {
    expect(recipientEntry(text)).toBe(sealed);
  });

  test('a star is not a wildcard', () => {
    expect(includesRecipient(['*@example.com'], 'ann@example.com')).toBe(false);
  });
});

describe.each([...(['auto', 'legacy'] satisfies Era[])])('sending, era %s', (era) => {
  test('reaches no other recipient by any parameter, stores nothing, and drafts may have any recipient', async () => {
    const account = newAccount();
    const other = newAccount();
    await appendMessages(account, { INBOX: [], Sent: [], Drafts: [] });
    await using assistant = await app.assistant(account, { era, flags: { recipients: [account.email] } });
    const fields = { to: account.email, subject: 'x', text_body: 'x' };
    for (const parameter of ['to', 'cc', 'bcc']) {
      for (const key of [{}, { idempotency_key: `${parameter}` }]) {
        const args = { ...fields, ...key, [parameter]: `${account.email}, "${account.email}" <${other.email}>` };
        expect(await assistant.failure('send_mail_message', args)).toContain(`(1 in ${parameter})`);
      }
    }
    for (const mailbox of ['INBOX', 'Sent', 'Drafts']) expect(await subjectsIn(account, mailbox)).toEqual([]);
    expect(await subjectsIn(other, 'INBOX')).toEqual([]);
    await assistant.call('send_mail_message', fields);
    await assistant.call('create_draft_mail_message', { ...fields, to: other.email });
    expect(await subjectsIn(account, 'Sent')).toEqual(['x']);
    expect(await subjectsIn(account, 'Drafts')).toEqual(['x']);
  });
});

test.each(eras)(
  'a refusal by the list of the owner is no challenge: only a new sign-in changes the list, era %s',
  async (era) => {
    const account = newAccount();
    const caller = await rawCaller(app, account, { consent: { recipients: [account.email] } }, era);
    const fields = { to: 'bob@example.test', subject: 'x', text_body: 'x' };
    const answer = await caller.call('send_mail_message', fields);
    expect(answer).toEqual({ status: 200, sentence: expect.stringContaining('the owner of the mailbox') });
    // The refusal does not depend on an earlier call with the key.
    const again = await caller.call('send_mail_message', { ...fields, idempotency_key: 'k' });
    expect(again.sentence).toContain('1 in to');
  },
);
