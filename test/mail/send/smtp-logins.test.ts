/** Tests the logins of SMTP servers that do not know, or refuse, what they offer. */
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { LoginProblem, MailAccount } from '../../../src/mail/account.ts';
import { type SmtpOptions, verifySmtp } from '../../../src/mail/send/smtp.ts';
import { refusesPlainByName } from '../../../src/mail/send/smtp-login.ts';
import { verifyLogin } from '../../../src/mail/verify-login.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { type Script, startScriptedSmtp } from '../../support/mail/scripted-smtp.ts';

const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
const USER = Buffer.from('ada').toString('base64');
const PASSWORD = Buffer.from('secret').toString('base64');

/** A server that offers both mechanisms. LOGIN: the answer to the password. */
function offering(plain: string | null, login = '235 2.7.0 ok', offer = 'PLAIN LOGIN'): Script {
  return {
    answers: {
      EHLO: `250-test\r\n250-AUTH ${offer}\r\n250 SIZE 1000000`,
      'AUTH PLAIN': plain,
      'AUTH LOGIN': '334 VXNlcm5hbWU6',
      [USER]: '334 UGFzc3dvcmQ6',
      [PASSWORD]: login,
    },
  };
}

async function logInTo(script: Script, options: SmtpOptions = {}) {
  await using smtp = await startScriptedSmtp(script);
  const error = await verifySmtp(smtp.server, login, { limits: { silenceMs: 2_000, totalMs: 4_000 }, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const attempts = smtp.commands.flatMap((line) => /^AUTH (\w+)/.exec(line)?.[1] ?? []);
  return { error, attempts };
}

const known = { refusesPlain: () => true };

describe('a server that offers PLAIN and LOGIN', () => {
  test('gets PLAIN alone if that works', async () => {
    expect(await logInTo(offering('235 ok'))).toEqual({ error: undefined, attempts: ['PLAIN'] });
  });

  test.each([
    '502 Command "AUTH PLAIN xxx" not implemented',
    '502 Invalid input from 192.0.2.1 to mail.example.test',
    '504 5.7.4 Unrecognized authentication type',
    '504 mechanism not implemented',
  ])('and does not know PLAIN gets LOGIN once: %s', async (answer) => {
    expect(await logInTo(offering(answer))).toEqual({ error: undefined, attempts: ['PLAIN', 'LOGIN'] });
  });

  test.each(['535 5.7.8 wrong', '504 no', '502 no'])(
    'and refuses LOGIN too gets no third attempt: %s',
    async (answer) => {
      const { error, attempts } = await logInTo(offering('504 no', answer));
      expect(attempts).toEqual(['PLAIN', 'LOGIN']);
      expect(error).toMatchObject({ fault: answer.startsWith('535') ? 'credentials' : 'refused' });
    },
  );

  test.each([
    '535 5.7.8 Authentication failed',
    '535 Login Fail',
    '534 5.7.9 too weak',
    '550 no',
    '454 4.7.0 later',
    '530 first',
  ])('and refuses the password gets no second attempt: %s', async (answer) => {
    const { error, attempts } = await logInTo(offering(answer));
    expect(attempts).toEqual(['PLAIN']);
    expect(error).toBeInstanceOf(UpstreamError);
  });

  test('and drops the connection at LOGIN is reported by its reply to PLAIN', async () => {
    const script = offering('502 no');
    const { error } = await logInTo({ answers: { ...script.answers, 'AUTH LOGIN': null } });
    expect(error).toMatchObject({ fault: 'refused', code: '502' });
  });
});

describe('a server that is known to refuse PLAIN as a wrong password', () => {
  test.each([
    '535 Login Fail. Please enter your authorization code to login.',
    '535 Login fail. Account is abnormal, service is not open, password is incorrect',
    '553 5.3.0 Auth failure',
  ])('gets LOGIN once: %s', async (answer) => {
    expect(await logInTo(offering(answer), known)).toEqual({ error: undefined, attempts: ['PLAIN', 'LOGIN'] });
  });

  test('gets no third attempt', async () => {
    const { error, attempts } = await logInTo(offering('535 no', '535 no'), known);
    expect(attempts).toEqual(['PLAIN', 'LOGIN']);
    expect(error).toMatchObject({ fault: 'credentials', code: '535' });
  });

  test('gets LOGIN once, and not twice, if it offers no PLAIN', async () => {
    const { attempts } = await logInTo(offering('502 no', '535 no', 'LOGIN'), known);
    expect(attempts).toEqual(['LOGIN']);
  });

  test('gets no LOGIN that it does not offer', async () => {
    const { attempts } = await logInTo(offering('535 no', '235 ok', 'PLAIN'), known);
    expect(attempts).toEqual(['PLAIN']);
  });

  test.each(['smtp.qq.com', 'smtp.exmail.qq.com', 'SMTP.NAVER.COM', 'smtp.foxmail.com.'])(
    'is known by its name: %s',
    (host) => {
      expect(refusesPlainByName(host)).toBe(true);
    },
  );

  test.each(['smtp.example.com', 'smtp.notqq.com', 'qq.com.example.org', 'smtp.163.com', '127.0.0.1'])(
    'is no other server: %s',
    (host) => {
      expect(refusesPlainByName(host)).toBe(false);
    },
  );
});

describe('a sign-in with one login for both servers', () => {
  async function signIn(imapAnswer: string, account: Partial<MailAccount> = {}) {
    await using smtp = await startScriptedSmtp(offering('535 no'));
    await using imap = await startScriptedImap((command) => (/^LOGIN/.test(command) ? `TAG ${imapAnswer}` : undefined));
    const problems = await verifyLogin(
      {
        ...{ fullName: '', email: 'ada@example.test' },
        ...{ imap: { server: imap.server, login }, smtp: { server: smtp.server, login } },
        ...account,
      },
      { smtp: known },
    );
    return { problems, attempts: smtp.commands.filter((line) => line.startsWith('AUTH ')).length };
  }

  test('that IMAP accepts is tried a second time by SMTP', async () => {
    expect(await signIn('OK in')).toEqual({ problems: [], attempts: 2 });
  });

  test.each(['NO wrong', 'NO [AUTHENTICATIONFAILED] wrong', 'NO please make an app password'])(
    'that IMAP refuses is tried once by SMTP: %s',
    async (answer) => {
      const { problems, attempts } = await signIn(answer);
      expect(attempts).toBe(1);
      expect(problems.map(({ service }) => service)).toEqual(['imap', 'smtp']);
    },
  );

  test('that IMAP cannot examine now is tried a second time by SMTP', async () => {
    expect(await signIn('NO [UNAVAILABLE] later')).toMatchObject({ problems: [{ service: 'imap' }], attempts: 2 });
  });
});

describe('what is reported of a login that both servers refuse', () => {
  const fault = async (imapAnswer: string, auth: string): Promise<LoginProblem['fault'][]> => {
    await using imap = await startScriptedImap((command) => (/^LOGIN/.test(command) ? `TAG ${imapAnswer}` : undefined));
    await using smtp = await startScriptedSmtp({ answers: { AUTH: auth } });
    const account = { imap: { server: imap.server, login }, smtp: { server: smtp.server, login } };
    const problems = await verifyLogin({ fullName: '', email: 'ada@example.test', ...account });
    return problems.map((problem) => problem.fault);
  };

  test.each<[string, string, LoginProblem['fault'][]]>([
    [
      'NO Basic authentication is disabled.',
      '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
      ['no_passwords', 'no_passwords'],
    ],
    [
      'NO wrong',
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
      ['credentials', 'smtp_auth_off'],
    ],
    [
      'NO wrong',
      "535 5.7.139 user is locked by your organization's security defaults policy",
      ['credentials', 'blocked'],
    ],
    [
      'NO wrong',
      '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
      ['credentials', 'credentials'],
    ],
    [
      'NO [ALERT] Application-specific password required',
      '534-5.7.9 Application-specific password required.\r\n534 5.7.9 x',
      ['app_password', 'app_password'],
    ],
    ['NO wrong', '502 5.5.1 unknown command', ['credentials', 'unsupported']],
    ['NO wrong', '503 AUTH command used when not advertised', ['credentials', 'unsupported']],
    ['NO wrong', '454 4.7.0 later', ['credentials', 'refused']],
  ])('%s; %s', async (imapAnswer, auth, expected) => {
    expect(await fault(imapAnswer, auth)).toEqual(expected);
  });

  test('a server without a known way to log in is not reported as a refused connection', async () => {
    await using imap = await startScriptedImap(() => undefined, {
      capabilities: 'IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2',
    });
    const account = { imap: { server: imap.server, login }, smtp: { server: imap.server, login } };
    expect(await verifyLogin({ fullName: '', email: 'ada@example.test', ...account }, { only: 'imap' })).toEqual([
      { service: 'imap', fault: 'unsupported', cause: 'no_auth' },
    ]);
  });

  test('a server that opens no mailbox is reported, and the connection is closed', async () => {
    await using imap = await startScriptedImap((command) =>
      /^STATUS/.test(command) ? 'TAG NO STATUS Unsafe Login. Please contact support' : undefined,
    );
    const account = { imap: { server: imap.server, login }, smtp: { server: imap.server, login } };
    const problems = await verifyLogin(
      { fullName: '', email: 'ada@example.test', ...account },
      { only: 'imap', identify: () => undefined },
    );
    expect(problems).toEqual([{ service: 'imap', fault: 'unsafe_login', cause: 'UNSAFE_LOGIN' }]);
  });
});

describe('a send', () => {
  test.each([
    ['535 5.7.139 Authentication unsuccessful, basic authentication is disabled.', 'NO_PASSWORDS'],
    ['535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.', 'SMTP_AUTH_OFF'],
  ])(
    'that the server refuses for another reason than the password does not ask for a sign-in: %s',
    async (auth, code) => {
      const { error } = await logInTo({ answers: { AUTH: auth } });
      expect(error).toMatchObject({ fault: 'refused', code });
      expect(String(error)).toContain('Nothing was sent');
      expect(String(error)).not.toMatch(/5\.7\.139|make an app password/);
    },
  );
});
