/** Sends and saves drafts at most once for an idempotency key, on one replica and on several that share only the encryption key. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../../src/mail/account.ts';
import { createGraphSender } from '../../../../src/mail/send/graph.ts';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { waitUntil } from '../../../support/app/wait-until.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { startScriptedSmtp } from '../../../support/mail/scripted-smtp.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';
import { REFUSING_RECIPIENT } from '../../../support/servers/postfix.ts';

let app: TestApp;
let replica: TestApp;
beforeAll(async () => {
  const env = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  [app, replica] = await Promise.all([startApp(env), startApp(env)]);
});
afterAll(() => Promise.all([app.stop(), replica.stop()]));

const letter = (to: string, more: Record<string, unknown> = {}) => ({
  to,
  subject: 'once',
  text_body: 'x',
  idempotency_key: 'key 1',
  ...more,
});

/** Subjects that have arrived once a message that was sent after them has arrived. */
async function arrivedBy(reader: MailAccount, sender: MailAccount): Promise<string[]> {
  await using assistant = await app.assistant(sender);
  await assistant.call('send_mail_message', { to: reader.email, subject: 'last', text_body: '' });
  await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).includes('last'));
  return (await subjectsIn(reader, 'INBOX')).filter((subject) => subject !== 'last');
}

describe('send_mail_message with an idempotency_key', () => {
  test('the same call again sends nothing and returns the first result', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    const first = await assistant.call('send_mail_message', letter(reader.email));
    expect(first).toMatchObject({ accepted: [reader.email], rejected: [], folder: 'Sent', uid: expect.any(Number) });
    expect(first).not.toHaveProperty('already_sent');
    const again = await assistant.call('send_mail_message', letter(reader.email));
    expect(again).toEqual({ ...first, already_sent: true });
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
    const [copy] = await messagesIn(sender, 'Sent');
    expect(copy?.flags).toEqual(expect.arrayContaining(['\\Seen']));
    expect(copy?.flags).not.toContain('\\Draft');
    expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
  });

  test('on another replica too, where the recipients are not known', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    const first = await assistant.call('send_mail_message', letter(reader.email));
    await using elsewhere = await replica.assistant(sender);
    const { message_id, copy, folder, uid, uid_validity } = first;
    const place = { copy, folder, uid, uid_validity };
    expect(await elsewhere.call('send_mail_message', letter(reader.email))).toEqual({
      ...{ sent: true, message_id, ...place, accepted: null, rejected: null, already_sent: true },
    });
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
  });

  test('of several simultaneous calls one sends, and all return the same', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    const results = await Promise.all(
      Array.from({ length: 4 }, () => assistant.call('send_mail_message', letter(reader.email))),
    );
    expect(new Set(results.map(({ uid }) => uid)).size).toBe(1);
    expect(results.filter(({ already_sent }) => already_sent === true)).toHaveLength(3);
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
  });

  test('simultaneous calls on two replicas never send twice', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using here = await app.assistant(sender);
    await using there = await replica.assistant(sender);
    for (const n of [1, 2, 3, 4, 5]) {
      const call = letter(reader.email, { subject: `once ${n}`, idempotency_key: `both ${n}` });
      const outcomes = await Promise.allSettled([here, there].map((each) => each.call('send_mail_message', call)));
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(String(outcome.reason)).toContain('same idempotency_key');
      }
      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    }
    expect((await arrivedBy(reader, sender)).sort()).toEqual([1, 2, 3, 4, 5].map((n) => `once ${n}`));
    expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
  });

  test('a key belongs to one message: it is refused for another one, on every replica', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    await using elsewhere = await replica.assistant(sender);
    await assistant.call('send_mail_message', letter(reader.email));
    for (const other of [{ subject: 'other' }, { text_body: 'other' }, { bcc: sender.email }]) {
      for (const each of [assistant, elsewhere]) {
        const sentence = await each.failure('send_mail_message', letter(reader.email, other));
        expect(sentence).toContain('was used for another message');
      }
    }
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
  });

  test('a key belongs to one mailbox, and the Message-ID does not disclose it', async () => {
    const [ann, bo, reader] = [newAccount(), newAccount(), newAccount()];
    const ids: unknown[] = [];
    for (const sender of [ann, bo]) {
      await using assistant = await app.assistant(sender);
      const { message_id } = await assistant.call('send_mail_message', letter(reader.email));
      expect(message_id).toMatch(/^<[0-9a-f]{40}\.[0-9a-f]{20}@example\.test>$|^<[0-9a-f.]{61}@[^<>\s]+>$/);
      ids.push(message_id);
    }
    expect(new Set(ids).size).toBe(2);
  });

  test('after a refusal no draft is left, and the key may be used for the corrected message', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    expect(await assistant.failure('send_mail_message', letter(REFUSING_RECIPIENT))).toContain('Nothing was sent.');
    expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
    expect(await assistant.failure('send_mail_message', letter('ann at example'))).toContain('to, address 1');
    await assistant.call('send_mail_message', letter(reader.email));
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
  });

  test('the same holds without UIDPLUS, MOVE and SPECIAL-USE', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    for (const each of [app, app, replica]) {
      await using assistant = await each.assistant(onBasicServer(sender));
      await assistant.call('send_mail_message', letter(reader.email));
    }
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
    expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
    expect(await subjectsIn(sender, 'Sent')).toEqual(['once', 'last']);
  });

  test('the copy is stored in the folder that was named', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    for (const each of [app, replica]) {
      await using assistant = await each.assistant(sender);
      const result = await assistant.call('send_mail_message', letter(reader.email, { folder: 'Archive' }));
      expect(result).toMatchObject({ folder: 'Archive' });
    }
    expect(await subjectsIn(sender, 'Archive')).toEqual(['once']);
    expect(await arrivedBy(reader, sender)).toEqual(['once']);
  });
});

describe('send_mail_message with an idempotency_key, when the connection is lost before the SMTP server confirms the message', () => {
  const lost = async () => {
    const smtp = await startScriptedSmtp({ answers: { '.': null } });
    const person = newAccount();
    return { smtp, sender: { ...person, smtp: { ...person.smtp, server: smtp.server } } };
  };
  const timesHandedOver = ({ commands }: { commands: string[] }) => commands.filter((line) => line === 'DATA').length;

  test('the outcome stays unknown: nothing is sent again, on any replica', async () => {
    const { smtp, sender } = await lost();
    await using assistant = await app.assistant(sender);
    await using elsewhere = await replica.assistant(sender);
    const first = await assistant.failure('send_mail_message', letter('ann@example.test'));
    expect(first).toMatch(/may have been sent or not.*Drafts.*same idempotency_key/);
    for (const each of [assistant, elsewhere, assistant]) {
      const again = await each.failure('send_mail_message', letter('ann@example.test'));
      expect(again).toMatch(/may have been sent or not.*Nothing was sent now/);
    }
    expect(timesHandedOver(smtp)).toBe(1);
    expect(await subjectsIn(sender, 'Drafts')).toEqual(['once']);
    expect(await subjectsIn(sender, 'Sent')).toEqual([]);
    await smtp[Symbol.asyncDispose]();
  });

  test('the message counts as sent once it is in Sent', async () => {
    const { smtp, sender } = await lost();
    await using assistant = await app.assistant(sender);
    await assistant.failure('send_mail_message', letter('ann@example.test'));
    await withImapFlow(sender, async (imap) => {
      await imap.mailboxOpen('Drafts');
      await imap.messageMove('1:*', 'Sent');
    });
    expect(await assistant.call('send_mail_message', letter('ann@example.test'))).toMatchObject({
      already_sent: true,
      accepted: null,
      uid: 1,
    });
    expect(timesHandedOver(smtp)).toBe(1);
    await smtp[Symbol.asyncDispose]();
  });

  test('where the provider saves the copies, this process remembers the call', async () => {
    const { smtp, sender } = await lost();
    await using assistant = await app.assistant(sender, { flags: { sentCopy: 'never' } });
    await assistant.failure('send_mail_message', letter('ann@example.test'));
    expect(await assistant.failure('send_mail_message', letter('ann@example.test'))).toContain('Nothing was sent now');
    expect(timesHandedOver(smtp)).toBe(1);
    expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
    await smtp[Symbol.asyncDispose]();
  });

  test('a new key sends it in any case', async () => {
    const { smtp, sender } = await lost();
    await using assistant = await app.assistant(sender);
    await assistant.failure('send_mail_message', letter('ann@example.test'));
    await assistant.failure('send_mail_message', letter('ann@example.test', { idempotency_key: 'key 2' }));
    expect(timesHandedOver(smtp)).toBe(2);
    await smtp[Symbol.asyncDispose]();
  });
});

test('a message that was confirmed but did not move to Sent before the process ended is moved by the next call', async () => {
  const [sender, reader] = [newAccount(), newAccount()];
  await using assistant = await app.assistant(sender);
  const first = await assistant.call('send_mail_message', letter(reader.email));
  await withImapFlow(sender, async (imap) => {
    await imap.mailboxOpen('Sent');
    await imap.messageMove('1:*', 'Drafts');
  });
  await using elsewhere = await replica.assistant(sender);
  const { message_id, already_sent, folder } = await elsewhere.call('send_mail_message', letter(reader.email));
  expect({ message_id, already_sent, folder }).toEqual({
    message_id: first.message_id,
    already_sent: true,
    folder: 'Sent',
  });
  expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
  expect(await arrivedBy(reader, sender)).toEqual(['once']);
});

describe('create_draft_mail_message with an idempotency_key', () => {
  test('the same call again, on the same replica, on another and at the same time, leaves one draft', async () => {
    const writer = newAccount();
    await using here = await app.assistant(writer);
    await using there = await replica.assistant(writer);
    const drafts = await Promise.all(
      [here, there, here, there].map((each) => each.call('create_draft_mail_message', letter(''))),
    );
    const later = await there.call('create_draft_mail_message', letter(''));
    expect(await subjectsIn(writer, 'Drafts')).toEqual(['once']);
    expect(new Set([...drafts, later].map(({ uid, message_id }) => `${uid} ${message_id}`)).size).toBe(1);
    expect(later).toMatchObject({ already_saved: true });
  });

  test('another draft with the same key is refused', async () => {
    const writer = newAccount();
    await using here = await app.assistant(writer);
    await using there = await replica.assistant(writer);
    await here.call('create_draft_mail_message', letter(''));
    for (const each of [here, there]) {
      const sentence = await each.failure('create_draft_mail_message', letter('', { subject: 'other' }));
      expect(sentence).toContain('was used for another message');
    }
    expect(await subjectsIn(writer, 'Drafts')).toEqual(['once']);
  });

  test('a draft and a message may have the same key', async () => {
    const [writer, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(writer);
    await assistant.call('create_draft_mail_message', letter(reader.email));
    await assistant.call('send_mail_message', letter(reader.email));
    expect(await subjectsIn(writer, 'Drafts')).toEqual(['once']);
    expect(await subjectsIn(writer, 'Sent')).toEqual(['once']);
  });
});

describe('send_mail_message with an idempotency_key through Microsoft Graph', () => {
  /** Two replicas of an account whose SMTP server says that SMTP is switched off. @param answer of Graph */
  async function startAtExchange(answer: () => Response | Promise<Response>) {
    const reader = newAccount();
    const smtp = await startScriptedSmtp({
      answers: {
        EHLO: '250-test\r\n250-AUTH LOGIN XOAUTH2\r\n250 SIZE 1000000',
        AUTH: '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.',
      },
    });
    const signIn = { provider: 'microsoft' as const };
    const login = { kind: 'provider' as const, username: 'a', signIn, refreshToken: 'r', approval: 'a'.repeat(22) };
    const account = { ...reader, smtp: { server: smtp.server, login } };
    const sent: string[] = [];
    const accessTokens = {
      get: async () => ({ token: 'a token', expiresAtMs: performance.now() + 3_600_000, isNew: true }),
      discard: () => undefined,
    };
    const fetch = async (_url: string, { body }: RequestInit) => {
      sent.push(Buffer.from(String(body), 'base64').toString());
      return answer();
    };
    const messageIdSecret = randomBytes(32);
    const replica = () => {
      const graph = createGraphSender({ accessTokens, fetch });
      return openMailTools(account, { messageIdSecret, graph: { accessTokens, graph } });
    };
    return { replica, sent, reader, [Symbol.asyncDispose]: () => smtp[Symbol.asyncDispose]() };
  }

  test('the same call again, here or on another replica, sends nothing', async () => {
    await using at = await startAtExchange(() => new Response(null, { status: 202 }));
    await using here = at.replica();
    await using there = at.replica();
    const first = await here.call('send_mail_message', letter('bo@example.com'));
    expect(first).toMatchObject({ sent: true, accepted: ['bo@example.com'] });
    for (const each of [here, there]) {
      const again = await each.call('send_mail_message', letter('bo@example.com'));
      expect(again).toMatchObject({ sent: true, message_id: first.message_id, already_sent: true });
    }
    expect(at.sent).toHaveLength(1);
    expect(at.sent[0]).toContain(String(first.message_id));
    expect(await subjectsIn(at.reader, 'Drafts')).toEqual([]);
  });

  test('one that Graph may have accepted is not sent again', async () => {
    await using at = await startAtExchange(() =>
      Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })),
    );
    await using here = at.replica();
    await using there = at.replica();
    for (const each of [here, here, there]) await each.failure('send_mail_message', letter('bo@example.com'));
    expect(at.sent).toHaveLength(1);
  });

  test('one that Graph refuses can be sent again', async () => {
    let status = 403;
    await using at = await startAtExchange(() => new Response(null, { status }));
    await using here = at.replica();
    await here.failure('send_mail_message', letter('bo@example.com'));
    status = 202;
    expect(await here.call('send_mail_message', letter('bo@example.com'))).toMatchObject({ sent: true });
    expect(at.sent).toHaveLength(2);
  });
});
