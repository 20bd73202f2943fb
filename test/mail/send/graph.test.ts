/** Sends through a stand-in of Microsoft Graph where an SMTP server says that SMTP is switched off. */
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { AccessTokens } from '../../../src/mail/access-tokens.ts';
import type { MailAccount } from '../../../src/mail/account.ts';
import type { ComposedMessage } from '../../../src/mail/send/compose.ts';
import { createGraphSender, submitSomehow } from '../../../src/mail/send/graph.ts';
import { planAfter } from '../../../src/mail/send-once/save-copy.ts';
import { verifyLogin } from '../../../src/mail/verify-login.ts';
import { toSendResult } from '../../../src/mcp/mail/send.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { type Script, startScriptedSmtp } from '../../support/mail/scripted-smtp.ts';

const OFF = '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.';
const AT_EXCHANGE = { EHLO: '250-test\r\n250-AUTH LOGIN XOAUTH2\r\n250 SIZE 1000000' };

const message: ComposedMessage = {
  raw: Buffer.from('To: b@example.com\r\n\r\nHello\r\n'),
  rawWithBcc: Buffer.from('To: b@example.com\r\nBcc: c@example.com\r\n\r\nHello\r\n'),
  messageId: '<one@example.com>',
  envelope: { from: 'a@example.com', to: ['b@example.com', 'c@example.com'] },
};

/** Tokens as `<resource>-<count>`; the first of each was issued earlier. */
function createTokens(): AccessTokens & { discarded: string[] } {
  const discarded: string[] = [];
  return {
    discarded,
    get: async (_login, resource) => ({
      ...{ token: `${resource}-${discarded.length + 1}`, expiresAtMs: performance.now() + 3_600_000 },
      isNew: discarded.length > 0,
    }),
    discard: (_login, _resource, token) => void discarded.push(token),
  };
}

const refusing = (status: number, code?: string) => () =>
  code === undefined ? new Response('<h1>no</h1>', { status }) : Response.json({ error: { code } }, { status });

/** A mailbox at an SMTP server that answers AUTH so. @param answer of Graph */
async function startMailbox(
  answer: () => Response | Promise<Response> = () => new Response(null, { status: 202 }),
  { auth = OFF, provider = 'microsoft' as 'microsoft' | 'google' } = {},
) {
  const script: Script = { answers: { ...AT_EXCHANGE, AUTH: auth } };
  const smtp = await startScriptedSmtp(script);
  const signIn = { provider };
  const login = { kind: 'provider' as const, username: 'a@example.com', signIn, refreshToken: 'r', approval: 'a' };
  const endpoint = { server: smtp.server, login };
  const account: MailAccount = { fullName: '', email: 'a@example.com', imap: endpoint, smtp: endpoint };
  const requests: { url: string; init: RequestInit }[] = [];
  const accessTokens = createTokens();
  const graph = createGraphSender({
    accessTokens,
    fetch: async (url, init) => {
      requests.push({ url, init });
      return answer();
    },
  });
  const limits = { silenceMs: 2_000, totalMs: 4_000 };
  return {
    ...{ smtp, requests, account, accessTokens },
    send: (changes: Partial<ComposedMessage> = {}) =>
      submitSomehow(account, { ...message, ...changes }, { accessTokens, graph, limits }),
    logins: () => smtp.commands.filter((line) => line.startsWith('AUTH')).length,
    [Symbol.asyncDispose]: () => smtp[Symbol.asyncDispose](),
  };
}

const faultOf = (sending: Promise<unknown>): Promise<unknown> =>
  sending.then(
    () => 'sent',
    (error: unknown) => error,
  );

describe('a mailbox whose SMTP is switched off', () => {
  test('sends the message with its Bcc through Graph, and SMTP is not tried again', async () => {
    await using mailbox = await startMailbox();
    const sent = { accepted: ['b@example.com', 'c@example.com'], rejected: [], acceptedBy: 'graph' };
    expect(await mailbox.send()).toEqual(sent);
    expect(await mailbox.send()).toEqual(sent);
    expect(mailbox.logins()).toBe(1);
    const [request] = mailbox.requests;
    expect(request?.url).toBe('https://graph.microsoft.com/v1.0/me/sendMail');
    expect(request?.init).toMatchObject({
      ...{ method: 'POST', redirect: 'manual' },
      headers: { Authorization: 'Bearer graph-1', 'Content-Type': 'text/plain' },
    });
    expect(Buffer.from(String(request?.init.body), 'base64')).toEqual(message.rawWithBcc);
  });

  test('has a result that says accepted, and no second copy in Sent', async () => {
    await using mailbox = await startMailbox();
    const submission = await mailbox.send();
    const copyPlan = planAfter({ savedBy: 'client', mailbox: 'Sent' }, submission);
    expect(copyPlan.savedBy).toBe('provider');
    const copy = { uid: null, uidValidity: null };
    const { note } = toSendResult({ messageId: '<one@example.com>', submission, copyPlan, copy });
    expect(note).toMatch(/Graph sends the message: it has accepted it.*files the copy itself/);
    const chosen = { savedBy: 'client', mailbox: 'Projects', isChosen: true } as const;
    expect(planAfter(chosen, submission)).toBe(chosen);
  });

  test('can be signed in to: SMTP is no problem of the login', async () => {
    await using mailbox = await startMailbox();
    await using imap = await startScriptedImap(
      (command) => (command.startsWith('AUTHENTICATE') ? 'TAG OK done' : undefined),
      { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' },
    );
    const account = { ...mailbox.account, imap: { ...mailbox.account.imap, server: imap.server } };
    expect(await verifyLogin(account, { accessTokens: mailbox.accessTokens })).toEqual([]);
  });

  test('names the limit for larger messages, and asks nothing', async () => {
    await using mailbox = await startMailbox();
    const fault = await faultOf(mailbox.send({ rawWithBcc: Buffer.alloc(3_000_001) }));
    expect(fault).toMatchObject({ fault: 'refused', message: expect.stringMatching(/at most 3 MB. Nothing was sent/) });
    expect(mailbox.requests).toEqual([]);
  });

  test('an expired token is replaced once', async () => {
    await using mailbox = await startMailbox(refusing(401, 'InvalidAuthenticationToken'));
    expect(await faultOf(mailbox.send())).toMatchObject({
      fault: 'refused',
      message: expect.stringContaining('Nothing was sent.'),
    });
    expect(mailbox.requests).toHaveLength(2);
    expect(mailbox.accessTokens.discarded).toEqual(['graph-1', 'graph-2']);
  });

  test.each([
    [403, 'ErrorAccessDenied', /allow Mail.Send/],
    [403, 'ErrorSendAsDenied', /this From address/],
    [400, 'ErrorMimeContentInvalid', /refused the message \(ErrorMimeContentInvalid\)/],
    [413, undefined, /at most 3 MB/],
    [429, 'ApplicationThrottled', /in some minutes/],
    [503, undefined, /in some minutes/],
    [302, undefined, /refused the message \(302\)/],
    [200, undefined, /refused the message \(200\)/],
    [400, 'a text of a server', /refused the message \(400\)/],
  ])('%i %s has a sentence, and nothing was sent', async (status, code, sentence) => {
    await using mailbox = await startMailbox(refusing(status, code));
    const fault = await faultOf(mailbox.send());
    expect(fault).toMatchObject({ service: 'Provider', fault: 'refused' });
    expect((fault as UpstreamError).message).toMatch(sentence);
    expect((fault as UpstreamError).message).toContain('Nothing was sent.');
    expect(mailbox.requests).toHaveLength(1);
  });

  const lost = (code: string) => () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) }));

  test.each<[string, () => Response | Promise<Response>]>([
    ['a reset', lost('ECONNRESET')],
    ['no answer in time', () => Promise.reject(new DOMException('timeout', 'TimeoutError'))],
    ['a closed socket', lost('UND_ERR_SOCKET')],
    ['500', refusing(500)],
    ['502', refusing(502)],
    ['504', refusing(504)],
  ])('PROV-08 after %s the outcome is unknown, and nothing is repeated', async (_what, answer) => {
    await using mailbox = await startMailbox(answer);
    expect(await faultOf(mailbox.send())).toMatchObject({ fault: 'unknown_outcome' });
    expect(mailbox.requests).toHaveLength(1);
  });

  test.each(['ENOTFOUND', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'])(
    'after %s nothing was sent',
    async (code) => {
      await using mailbox = await startMailbox(lost(code));
      expect(await faultOf(mailbox.send())).toMatchObject({
        ...{ fault: 'unreachable', message: expect.stringContaining('Nothing was sent.') },
      });
    },
  );
});

describe('Graph is not asked', () => {
  test.each([
    ['SMTP works', { auth: '235 ok' }, 'sent'],
    ['the token is refused', { auth: '535 5.7.3 Authentication unsuccessful' }, 'TOKEN_REFUSED'],
    ['a rule blocks the login', { auth: '535 5.7.139 Authentication unsuccessful, user is locked.' }, 'BLOCKED'],
    ['SMTP is down', { auth: '421 later' }, '421'],
    ['the provider is another one', { provider: 'google' as const }, 'SMTP_AUTH_OFF'],
  ])('where %s', async (_what, options, outcome) => {
    await using mailbox = await startMailbox(undefined, options);
    const fault = await faultOf(mailbox.send());
    expect(fault instanceof UpstreamError ? fault.code : fault).toBe(outcome);
    expect(mailbox.requests).toEqual([]);
  });

  test('for a message without recipients', async () => {
    await using mailbox = await startMailbox();
    expect(await faultOf(mailbox.send({ envelope: { from: 'a@example.com', to: [] } }))).toMatchObject({
      name: 'ToolError',
    });
    expect(mailbox.requests).toEqual([]);
  });
});
