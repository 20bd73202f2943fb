/** Tests how a connection logs in to servers that do not know what they offer, as public reports describe them. */
import { describe, expect, test } from 'vitest';
import { connectImap } from '../../../src/mail/imap/imap-connection.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const login = { kind: 'password' as const, username: 'ada', password: 'secret' };

interface Answers {
  /** To AUTHENTICATE PLAIN with the response in its line. */
  initial?: string;
  /** To AUTHENTICATE PLAIN alone. `+`: the server asks for the response, and accepts it. */
  plain?: string;
  /** To LOGIN. */
  login?: string;
  /** To AUTHENTICATE LOGIN. `+`: the server asks for user name and password, and accepts them. */
  saslLogin?: string;
}

/** Answers to each way to log in. */
function answering(answers: Answers): Script {
  let asked: { tag: string; left: number } | undefined;
  const ask = (answer: string | undefined, tag: string, count: number) => {
    if (answer !== '+') return answer;
    asked = { tag, left: count };
    return '+ go on';
  };
  return (command, _socket, tag = '') => {
    if (asked !== undefined && command === '') {
      asked.left -= 1;
      if (asked.left > 0) return '+ go on';
      const { tag: first } = asked;
      asked = undefined;
      return `${first} OK done`;
    }
    if (command.startsWith('AUTHENTICATE PLAIN ')) return answers.initial;
    if (command === 'AUTHENTICATE PLAIN') return ask(answers.plain, tag, 1);
    if (command === 'AUTHENTICATE LOGIN') return ask(answers.saslLogin, tag, 2);
    return command.startsWith('LOGIN ') ? answers.login : undefined;
  };
}

/** The first words of the commands that log in, and whether it worked. */
async function logInTo(answers: Answers, capabilities: string) {
  await using server = await startScriptedImap(answering(answers), { capabilities });
  const outcome = await connectImap({ server: server.server, login }).then(
    (imap) => {
      imap.close();
      return 'in';
    },
    (error: unknown) => error,
  );
  const ways = server.commands
    .map((command) => /^(AUTHENTICATE PLAIN |AUTHENTICATE PLAIN|AUTHENTICATE LOGIN|LOGIN)/.exec(command)?.[1])
    .filter((way) => way !== undefined);
  return { outcome, ways };
}

const OFFERS_ALL = 'IMAP4rev1 AUTH=PLAIN SASL-IR';

describe('a server that offers SASL-IR and PLAIN', () => {
  test('is logged in to by one command', async () => {
    expect(await logInTo({ initial: 'TAG OK in' }, OFFERS_ALL)).toEqual({
      outcome: 'in',
      ways: ['AUTHENTICATE PLAIN '],
    });
  });

  test.each([
    ['Coremail', 'TAG BAD Request not ending with \\r\\n'],
    ['NetEase', 'TAG BAD Parse command error'],
    ['QQ', 'TAG BAD invalid command or parameters'],
    ['another', 'TAG BAD [CLIENTBUG] unexpected argument'],
  ])('and does not know the initial response gets the response when it asks for it: %s', async (_name, initial) => {
    expect(await logInTo({ initial, plain: '+' }, OFFERS_ALL)).toEqual({
      outcome: 'in',
      ways: ['AUTHENTICATE PLAIN ', 'AUTHENTICATE PLAIN'],
    });
  });

  test.each([
    ['Sina', 'TAG BAD AUTHENTICATE with LOGIN'],
    ['QQ', 'TAG BAD command is not supported'],
    ['one that refuses before it asks', 'TAG NO Unsupported authentication mechanism'],
  ])('and does not know PLAIN gets LOGIN: %s', async (_name, plain) => {
    expect(await logInTo({ initial: 'TAG BAD what', plain, login: 'TAG OK in' }, OFFERS_ALL)).toEqual({
      outcome: 'in',
      ways: ['AUTHENTICATE PLAIN ', 'AUTHENTICATE PLAIN', 'LOGIN'],
    });
  });

  test('and knows none of the ways is not reported as a wrong password', async () => {
    const bad = 'TAG BAD what';
    const { outcome, ways } = await logInTo({ initial: bad, plain: bad, login: bad }, OFFERS_ALL);
    expect(ways).toEqual(['AUTHENTICATE PLAIN ', 'AUTHENTICATE PLAIN', 'LOGIN']);
    expect(outcome).toMatchObject({ service: 'IMAP', fault: 'refused' });
  });

  test('and closes the connection after BAD is reported by what it said', async () => {
    await using server = await startScriptedImap(
      (command, socket, tag = '') => {
        if (!command.startsWith('AUTHENTICATE')) return undefined;
        socket.end(`${tag} BAD what\r\n`);
        return '';
      },
      { capabilities: OFFERS_ALL },
    );
    await expect(connectImap({ server: server.server, login })).rejects.toMatchObject({ fault: 'refused' });
  });
});

describe('a server that has examined the password gets no second attempt', () => {
  test.each([
    ['NO', 'TAG NO AUTHENTICATE failed.', 'credentials'],
    ['NO with a code', 'TAG NO [AUTHENTICATIONFAILED] wrong', 'credentials'],
    ['BAD with the code of a wrong login', 'TAG BAD [AUTHENTICATIONFAILED] wrong', 'credentials'],
    ['BAD that names the password', 'TAG BAD Invalid user name or password', 'refused'],
    ['BAD that wants an app password', 'TAG BAD app password required', 'credentials'],
    ['NO that takes no passwords', 'TAG NO Basic authentication is disabled.', 'credentials'],
    ['a service that is down', 'TAG BAD [UNAVAILABLE] later', 'refused'],
    ['too many connections', 'TAG BAD Too many simultaneous connections', 'refused'],
  ])('after %s', async (_name, initial, fault) => {
    const { outcome, ways } = await logInTo({ initial, plain: '+', login: 'TAG OK in' }, OFFERS_ALL);
    expect(ways).toEqual(['AUTHENTICATE PLAIN ']);
    expect(outcome).toMatchObject({ service: 'IMAP', fault });
  });

  test('after NO to a response that it has asked for', async () => {
    let first = '';
    const script: Script = (command, _socket, tag = '') => {
      if (command === 'AUTHENTICATE PLAIN') {
        first = tag;
        return '+ ';
      }
      if (command === '') return `${first} NO wrong`;
      return command.startsWith('LOGIN') ? 'TAG OK in' : undefined;
    };
    await using server = await startScriptedImap(script, {
      capabilities: 'IMAP4rev1 AUTH=PLAIN LOGINDISABLED AUTH=LOGIN',
    });
    await expect(connectImap({ server: server.server, login })).rejects.toMatchObject({ fault: 'credentials' });
    expect(server.commands).toEqual(['AUTHENTICATE PLAIN', '']);
  });
});

describe('a server that', () => {
  test.each([
    ['offers nothing', 'IMAP4rev1', { login: 'TAG OK in' }, ['LOGIN']],
    ['offers PLAIN without SASL-IR', 'IMAP4rev1 AUTH=PLAIN', { login: 'TAG OK in' }, ['LOGIN']],
    [
      'offers PLAIN, and knows no LOGIN',
      'IMAP4rev1 AUTH=PLAIN',
      { login: 'TAG BAD no', plain: '+' },
      ['LOGIN', 'AUTHENTICATE PLAIN'],
    ],
    ['disables LOGIN', 'IMAP4rev1 LOGINDISABLED AUTH=PLAIN', { plain: '+' }, ['AUTHENTICATE PLAIN']],
    ['has the mechanism LOGIN alone', 'IMAP4rev1 LOGINDISABLED AUTH=LOGIN', { saslLogin: '+' }, ['AUTHENTICATE LOGIN']],
  ])('%s is logged in to as it offers', async (_name, capabilities, answers, ways) => {
    expect(await logInTo(answers, capabilities)).toEqual({ outcome: 'in', ways });
  });

  test.each(['IMAP4rev1 LOGINDISABLED', 'IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2', 'IMAP4rev1 LOGINDISABLED AUTH=GSSAPI'])(
    'has no way with a password gets none: %s',
    async (capabilities) => {
      const { outcome, ways } = await logInTo({}, capabilities);
      expect(ways).toEqual([]);
      expect(outcome).toMatchObject({ fault: 'refused', code: 'LOGINDISABLED' });
    },
  );

  test('asks for the response gets it in one line', async () => {
    const lines: string[] = [];
    const script = answering({ plain: '+' });
    await using server = await startScriptedImap(
      (command, socket, tag = '') => {
        if (command === '') lines.push(tag);
        return script(command, socket, tag);
      },
      { capabilities: 'IMAP4rev1 AUTH=PLAIN LOGINDISABLED' },
    );
    (await connectImap({ server: server.server, login })).close();
    expect(lines).toEqual([Buffer.from('\0ada\0secret').toString('base64')]);
  });
});

describe('a refusal that is not about the password', () => {
  test.each([
    ['NO Basic authentication is disabled.', { fault: 'credentials', code: 'NO_PASSWORDS' }],
    ['NO [Error="AuthFailed:LogonDenied-BasicAuthBlocked"] failed', { fault: 'credentials', code: 'NO_PASSWORDS' }],
    ['NO Please use the authorization code', { fault: 'credentials', code: 'APP_PASSWORD' }],
    ['NO 5.7.139 refused by security defaults', { fault: 'refused', code: 'BLOCKED' }],
  ])('is reported as what it is: %s', async (answer, expected) => {
    const { outcome } = await logInTo({ login: `TAG ${answer}` }, 'IMAP4rev1');
    expect(outcome).toMatchObject(expected);
    expect(String(outcome)).not.toMatch(/Auth(?:Failed|Blocked)|5\.7\.139/);
  });
});
