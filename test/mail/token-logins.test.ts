/** Logs in with access tokens of a provider at IMAP and SMTP servers that answer as Google, Microsoft, Dovecot and Postfix do. */
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import type { AccessTokens } from '../../src/mail/access-tokens.ts';
import type { MailAccount, ProviderLogin } from '../../src/mail/account.ts';
import { connectImap } from '../../src/mail/imap/imap-connection.ts';
import { createImapPool } from '../../src/mail/pool/pool.ts';
import { tokenErrorStatus, tokenMechanism } from '../../src/mail/sasl-token.ts';
import { verifySmtp } from '../../src/mail/send/smtp.ts';
import { verifyLogin } from '../../src/mail/verify-login.ts';
import { type Script, startScriptedImap } from '../support/mail/scripted-imap.ts';
import { startScriptedSmtp } from '../support/mail/scripted-smtp.ts';

const login: ProviderLogin = {
  ...{ kind: 'provider', username: 'ada=x,y@example.com', signIn: { provider: 'google' } },
  ...{ refreshToken: 'refresh', approval: 'a'.repeat(22) },
};

const inBase64 = (text: string) => Buffer.from(text).toString('base64');
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();

/** Issues `token-1`, `token-2`, … @param first whether the first one was issued earlier */
function createTokens({ lifetimeMs = 3_600_000, isFirstOld = true } = {}): AccessTokens & { discarded: string[] } {
  let current = 1;
  let isNew = !isFirstOld;
  const discarded: string[] = [];
  return {
    discarded,
    get: async () => ({ token: `token-${current}`, expiresAtMs: performance.now() + lifetimeMs, isNew }),
    discard(_login, _resource, token) {
      discarded.push(token);
      current += 1;
      isNew = true;
    },
  };
}

const GOOGLE_ERROR = inBase64('{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}');
const DOVECOT_ERROR = inBase64('{"status":"invalid_token"}');

interface ImapAnswers {
  /** Tokens that it accepts. */
  accepts?: string[];
  /** Sent as a continuation request before the refusal. */
  error?: string;
  refusal?: string;
}

/** An IMAP server that examines tokens. `seen`: mechanisms and decoded responses. */
function examining({ accepts = [], error, refusal = 'NO [AUTHENTICATIONFAILED] no' }: ImapAnswers) {
  const seen: string[] = [];
  let asked: { tag: string; name: string } | undefined;
  let refusing: string | undefined;
  function examine(name: string, response: string, tag: string): string {
    const text = fromBase64(response);
    seen.push(`${name} ${text}`);
    if (accepts.some((token) => text.includes(`auth=Bearer ${token}\x01`))) return `${tag} OK done`;
    if (error === undefined) return `${tag} ${refusal}`;
    refusing = tag;
    return `+ ${error}`;
  }
  /** Lines of an exchange have no tag, so that their only word is taken for one. */
  const script: Script = (command, _socket, word = '') => {
    if (refusing !== undefined) {
      seen.push(`after the error: ${JSON.stringify(fromBase64(word))}`);
      const tag = refusing;
      refusing = undefined;
      return `${tag} ${refusal}`;
    }
    if (asked !== undefined) {
      const { tag, name } = asked;
      asked = undefined;
      return examine(name, word, tag);
    }
    const [verb, name = '', response] = command.split(' ');
    if (verb !== 'AUTHENTICATE') return undefined;
    if (response !== undefined) return examine(name, response, word);
    asked = { tag: word, name };
    return '+ ';
  };
  return { script, seen };
}

async function logInTo(answers: ImapAnswers, capabilities: string, tokens = createTokens()) {
  const { script, seen } = examining(answers);
  await using imap = await startScriptedImap(script, { capabilities: `IMAP4rev1 ${capabilities}` });
  const { server } = imap;
  const outcome = await connectImap({ server, login }, { accessTokens: tokens }).then(
    (connection) => {
      connection.close();
      return 'in';
    },
    (error: unknown) => error,
  );
  return { outcome, seen, server, tokens, connections: imap.connections() };
}

describe('IMAP', () => {
  test.each([
    ['with SASL-IR', 'SASL-IR AUTH=OAUTHBEARER AUTH=XOAUTH2'],
    ['without it', 'AUTH=XOAUTH2 AUTH=OAUTHBEARER AUTH=PLAIN'],
  ])('OAUTHBEARER takes precedence, %s', async (_what, capabilities) => {
    const { outcome, seen, server } = await logInTo({ accepts: ['token-1'] }, capabilities);
    expect(outcome).toBe('in');
    expect(seen).toEqual([
      `OAUTHBEARER n,a=ada=3Dx=2Cy@example.com,\x01host=127.0.0.1\x01port=${server.port}\x01auth=Bearer token-1\x01\x01`,
    ]);
  });

  test.each(['SASL-IR AUTH=XOAUTH2', 'AUTH=XOAUTH2'])('XOAUTH2 is used where it is alone: %s', async (capabilities) => {
    const { outcome, seen } = await logInTo({ accepts: ['token-1'] }, capabilities);
    expect(outcome).toBe('in');
    expect(seen).toEqual(['XOAUTH2 user=ada=x,y@example.com\x01auth=Bearer token-1\x01\x01']);
  });

  test('a server that takes no tokens gets none', async () => {
    const { outcome, seen } = await logInTo({}, 'SASL-IR AUTH=PLAIN');
    expect(outcome).toMatchObject({ fault: 'refused', code: 'NO_TOKENS' });
    expect(seen).toEqual([]);
  });

  test.each([
    ['SASL-IR AUTH=OAUTHBEARER', DOVECOT_ERROR, '\x01', 'invalid_token'],
    ['AUTH=OAUTHBEARER', DOVECOT_ERROR, '\x01', 'invalid_token'],
    ['SASL-IR AUTH=XOAUTH2', GOOGLE_ERROR, '', '400'],
    ['AUTH=XOAUTH2', GOOGLE_ERROR, '', '400'],
  ])('the error is answered, and its status is the cause: %s', async (capabilities, error, after, status) => {
    const tokens = createTokens({ isFirstOld: false });
    const { outcome, seen } = await logInTo({ error }, capabilities, tokens);
    expect(seen.at(-1)).toBe(`after the error: ${JSON.stringify(after)}`);
    expect(outcome).toMatchObject({ fault: 'credentials', code: 'TOKEN_REFUSED' });
    expect((outcome as UpstreamError).cause).toMatchObject({ message: expect.stringContaining(status) });
  });

  test('a token that was issued earlier is replaced once, and the login goes on', async () => {
    const { outcome, seen, tokens } = await logInTo(
      { accepts: ['token-2'], error: DOVECOT_ERROR },
      'SASL-IR AUTH=OAUTHBEARER',
    );
    expect(outcome).toBe('in');
    expect(tokens.discarded).toEqual(['token-1']);
    expect(seen.filter((line) => line.startsWith('OAUTHBEARER'))).toHaveLength(2);
  });

  test('two refused tokens are one fault', async () => {
    const { outcome, tokens, connections } = await logInTo({ error: DOVECOT_ERROR }, 'SASL-IR AUTH=OAUTHBEARER');
    expect(outcome).toMatchObject({ fault: 'credentials', code: 'TOKEN_REFUSED' });
    expect(tokens.discarded).toEqual(['token-1', 'token-2']);
    expect(connections).toBe(2);
  });

  test.each<[string, Partial<UpstreamError>]>([
    ['NO [UNAVAILABLE] Temporary authentication failure.', { fault: 'refused', code: 'UNAVAILABLE' }],
    ['NO [INUSE] later', { fault: 'refused', code: 'INUSE' }],
    ['NO Too many simultaneous connections. (Failure)', { fault: 'refused', code: 'LIMIT' }],
    ['BAD Request is throttled. Suggested Backoff Time: 100 milliseconds', { fault: 'refused' }],
    ['BAD User is authenticated but not connected.', { fault: 'refused', code: 'NOT_CONNECTED' }],
  ])('PROV-07 %s is no refusal of the token', async (refusal, fault) => {
    const { outcome, tokens } = await logInTo({ refusal }, 'SASL-IR AUTH=XOAUTH2');
    expect(outcome).toMatchObject(fault);
    expect(tokens.discarded).toEqual([]);
  });

  test.each([
    'NO AUTHENTICATE failed.',
    'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
    'NO Basic authentication is disabled.',
  ])('%s is one, without the advice that passwords get', async (refusal) => {
    const { outcome } = await logInTo({ refusal }, 'SASL-IR AUTH=XOAUTH2');
    expect(outcome).toMatchObject({
      ...{ fault: 'credentials', code: 'TOKEN_REFUSED' },
      message: 'The IMAP server refused the access token of the provider.',
    });
  });

  test('a connection that is lost during the exchange is no refusal', async () => {
    await using imap = await startScriptedImap(
      (command, socket) => {
        if (command.startsWith('AUTHENTICATE')) socket.destroy();
        return undefined;
      },
      { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' },
    );
    const connecting = connectImap({ server: imap.server, login }, { accessTokens: createTokens() });
    await expect(connecting).rejects.toMatchObject({ fault: 'unreachable' });
  });

  test('a mailbox of Exchange that may not be used with IMAP has a sentence of its own', async () => {
    await using imap = await startScriptedImap(
      (command) => {
        if (command.startsWith('AUTHENTICATE')) return 'TAG OK AUTHENTICATE completed.';
        return /^(SELECT|EXAMINE|STATUS)/.test(command)
          ? 'TAG BAD User is authenticated but not connected.'
          : undefined;
      },
      { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' },
    );
    const connection = await connectImap({ server: imap.server, login }, { accessTokens: createTokens() });
    await expect(connection.select('INBOX', { readOnly: true, fresh: false })).rejects.toMatchObject({
      ...{ fault: 'refused', code: 'NOT_CONNECTED' },
      message: expect.stringMatching(/opens no mailbox: it may not be used with IMAP/),
    });
    connection.close();
  });
});

/** Accepts every token; answers to other commands. */
const open =
  (answer: (command: string) => string | undefined = () => undefined): Script =>
  (command) =>
    command.startsWith('AUTHENTICATE') ? 'TAG OK done' : answer(command);

describe('the pool', () => {
  const EXCHANGE = { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' };
  const log = createLog('ERROR', { write: () => undefined });
  const read = { retry: true } as const;

  test('retires connections before their token ends', async () => {
    await using imap = await startScriptedImap(open(), EXCHANGE);
    const pool = createImapPool({ log, accessTokens: createTokens({ lifetimeMs: 200 }) });
    const account = { imap: { server: imap.server, login } };
    await pool.withConnection(account, async () => undefined);
    expect(pool.size()).toEqual({ idle: 1, inUse: 0 });
    await expect.poll(() => pool.size().idle, { timeout: 2_000, interval: 10 }).toBe(0);
    await pool.withConnection(account, async () => undefined);
    expect(imap.connections()).toBe(2);
    await pool.close();
  });

  test('five minutes before it, where it lives longer than ten', async () => {
    await using imap = await startScriptedImap(open(), EXCHANGE);
    const connection = await connectImap({ server: imap.server, login }, { accessTokens: createTokens() });
    expect(Math.round((connection.retiresAtMs - performance.now()) / 60_000)).toBe(55);
    connection.close();
  });

  test('repeats what was read when the server ends a session because its token has expired', async () => {
    const script: Script = open();
    await using imap = await startScriptedImap((command, socket, tag) => {
      if (command !== 'NOOP' || imap.connections() > 1) return script(command, socket, tag);
      socket.end('* BYE Session invalidated - AccessTokenExpired\r\n');
      return '';
    }, EXCHANGE);
    const pool = createImapPool({ log, accessTokens: createTokens() });
    const account = { imap: { server: imap.server, login } };
    await pool.withConnection(account, async () => undefined);
    await pool.withConnection(account, async (connection) => connection.run('NOOP'), read);
    expect(imap.connections()).toBe(2);
    await pool.close();
  });

  test('keeps connections when the refresh token of the approval changes, and not those of another approval', async () => {
    await using imap = await startScriptedImap(open(), EXCHANGE);
    const pool = createImapPool({ log, accessTokens: createTokens() });
    const use = (changes: Partial<ProviderLogin>) =>
      pool.withConnection({ imap: { server: imap.server, login: { ...login, ...changes } } }, async () => undefined);
    await use({});
    await use({ refreshToken: 'newer' });
    expect(imap.connections()).toBe(1);
    await use({ approval: 'b'.repeat(22) });
    expect(imap.connections()).toBe(2);
    await pool.close();
  });
});

const FAILED = '535 5.7.8 Error: authentication failed';

/** An SMTP server that offers the mechanisms. @param answers to `AUTH …`, and to the line after an error */
async function smtpLogIn(offer: string, answers: Record<string, string>, tokens = createTokens()) {
  const EHLO = `250-test\r\n250-AUTH ${offer}\r\n250 SIZE 1000000`;
  await using smtp = await startScriptedSmtp({ answers: { EHLO, ...answers } });
  const limits = { silenceMs: 2_000, totalMs: 4_000 };
  const outcome = await verifySmtp(smtp.server, login, { limits, accessTokens: tokens }).then(
    () => 'in',
    (error: unknown) => error,
  );
  const sent = smtp.commands.filter((line) => !/^(EHLO|QUIT)/.test(line));
  return { outcome, sent, tokens, server: smtp.server };
}

describe('SMTP', () => {
  test('OAUTHBEARER takes precedence', async () => {
    const { outcome, sent, server } = await smtpLogIn('PLAIN XOAUTH2 OAUTHBEARER', {});
    expect(outcome).toBe('in');
    const [, , response = ''] = (sent[0] ?? '').split(' ');
    expect(fromBase64(response)).toBe(
      `n,a=ada=3Dx=2Cy@example.com,\x01host=127.0.0.1\x01port=${server.port}\x01auth=Bearer token-1\x01\x01`,
    );
    expect(sent).toHaveLength(1);
  });

  test('XOAUTH2 is used where it is alone', async () => {
    const { outcome, sent } = await smtpLogIn('LOGIN XOAUTH2', {});
    expect(outcome).toBe('in');
    expect(sent.map((line) => line.split(' ')[1])).toEqual(['XOAUTH2']);
  });

  test('a server that takes no tokens gets none', async () => {
    const { outcome, sent } = await smtpLogIn('PLAIN LOGIN', {});
    expect(outcome).toMatchObject({ fault: 'refused', code: 'NO_TOKENS' });
    expect(sent).toEqual([]);
  });

  test.each([
    ['XOAUTH2', `334 ${GOOGLE_ERROR}`, ''],
    ['OAUTHBEARER', `334 ${DOVECOT_ERROR}`, 'AQ=='],
  ])('the error of %s is answered, and each token is sent once', async (name, error, after) => {
    // The empty line matches the last key alone.
    const answers = { [`AUTH ${name}`]: error, ...(after === '' ? { '': FAILED } : { [after]: FAILED }) };
    const defaults = { EHLO: `250-test\r\n250 AUTH ${name}`, QUIT: '221 bye' };
    const { outcome, sent } = await smtpLogIn(name, { ...defaults, ...answers });
    expect(outcome).toMatchObject({ service: 'SMTP', fault: 'refused', code: 'TOKEN_REFUSED' });
    expect(sent.map((line) => line.split(' ')[0])).toEqual(['AUTH', after, 'AUTH', after]);
  });

  test.each(['535 5.7.8 Error: authentication failed', '535 5.7.3 Authentication unsuccessful', '554 no'])(
    'PROV-07 %s does not end a grant: the provider or IMAP decides',
    async (reply) => {
      const { outcome, tokens } = await smtpLogIn('XOAUTH2', { AUTH: reply });
      expect(outcome).toMatchObject({ service: 'SMTP', fault: 'refused', code: 'TOKEN_REFUSED' });
      expect(tokens.discarded).toEqual(['token-1', 'token-2']);
    },
  );

  test.each([
    ['535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.', 'SMTP_AUTH_OFF'],
    ['535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.', 'SMTP_AUTH_OFF'],
    ['535 5.7.139 Authentication unsuccessful, user is locked by your organization.', 'BLOCKED'],
    ['454 4.7.0 Temporary authentication failure', '454'],
    ['421 4.4.2 later', '421'],
  ])('%s discards no token', async (reply, code) => {
    const { outcome, tokens } = await smtpLogIn('XOAUTH2', { AUTH: reply });
    expect(outcome).toMatchObject({ fault: 'refused', code });
    expect((outcome as UpstreamError).message).not.toMatch(/password/);
    expect(tokens.discarded).toEqual([]);
  });
});

describe('both servers', () => {
  test('a mailbox that the token does not open is one problem of each server', async () => {
    const { script } = examining({ error: GOOGLE_ERROR });
    await using imap = await startScriptedImap(script, { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' });
    await using smtp = await startScriptedSmtp({ answers: { EHLO: '250-test\r\n250 AUTH XOAUTH2', AUTH: FAILED } });
    const account: MailAccount = {
      ...{ fullName: '', email: 'ada@example.com' },
      imap: { server: imap.server, login },
      smtp: { server: smtp.server, login },
    };
    expect(await verifyLogin(account, { accessTokens: createTokens({ isFirstOld: false }) })).toMatchObject([
      { service: 'imap', fault: 'token_refused' },
      { service: 'smtp', fault: 'token_refused' },
    ]);
  });

  test('a mailbox that Exchange does not open is a problem of the token', async () => {
    await using imap = await startScriptedImap(
      open((command) => (/^STATUS/.test(command) ? 'TAG BAD User is authenticated but not connected.' : undefined)),
      { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' },
    );
    const endpoint = { server: imap.server, login };
    const account: MailAccount = { fullName: '', email: 'ada@example.com', imap: endpoint, smtp: endpoint };
    const options = { accessTokens: createTokens(), only: 'imap' as const, identify: () => undefined };
    expect(await verifyLogin(account, options)).toEqual([
      { service: 'imap', fault: 'token_refused', cause: 'NOT_CONNECTED' },
    ]);
  });

  test('what the provider itself says is the fault, and no server is asked', async () => {
    await using imap = await startScriptedImap(open());
    const error = new UpstreamError('Provider', 'credentials', 'ended', { code: 'invalid_grant' });
    const accessTokens = { get: () => Promise.reject(error), discard: () => undefined };
    await expect(connectImap({ server: imap.server, login }, { accessTokens })).rejects.toBe(error);
    expect(imap.connections()).toBe(0);
  });
});

describe('SASL messages', () => {
  const at = { host: 'imap.example.com', port: 993 };

  test.each([
    ['a user name', { username: 'ada\x01auth=Bearer other', token: 'one' }],
    ['a token', { username: 'ada', token: 'one\x01\x01' }],
    ['a token with a line end', { username: 'ada', token: 'one\r\nA1 LOGOUT' }],
  ])('%s cannot add fields: nothing is sent', async (_what, { username, token }) => {
    const { script, seen } = examining({});
    await using imap = await startScriptedImap(script, { capabilities: 'IMAP4rev1 SASL-IR AUTH=XOAUTH2' });
    const accessTokens = {
      get: async () => ({ token, expiresAtMs: Infinity, isNew: true }),
      discard: () => undefined,
    };
    const connecting = connectImap({ server: imap.server, login: { ...login, username } }, { accessTokens });
    await expect(connecting).rejects.toBeInstanceOf(UpstreamError);
    expect(seen).toEqual([]);
  });

  test('without a mechanism there is none', () => {
    expect(tokenMechanism(() => false, { username: 'ada', token: 'one', ...at })).toBeUndefined();
  });

  test.each([
    [DOVECOT_ERROR, 'invalid_token'],
    [GOOGLE_ERROR, '400'],
    [inBase64('{"status":401}'), undefined],
    [inBase64('{"status":"text of a server, at any length"}'), undefined],
    ['nonsense', undefined],
    [undefined, undefined],
  ])('the status of %s is %s', (error, status) => {
    expect(tokenErrorStatus(error)).toBe(status);
  });
});
