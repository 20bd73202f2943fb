/** Asks for a login on the terminal, until it works or was wrong three times. */
import type { LoginProblem, Servers, VerifyLogin } from '../account.ts';
import { ConfigError } from '../errors.ts';
import type { MailServers } from '../mail/account.ts';
import { accountOf, type Credentials } from '../oauth/sealed/credentials.ts';
import { loginProblems, needsOwnSmtpLogin } from '../oauth/sign-in/login-problems.ts';
import {
  credentialsOf,
  emptyEntry,
  entryProblems,
  type FormProblem,
  type LoginEntry,
} from '../oauth/sign-in/mail-entry.ts';
import { enteredToken } from '../oauth/sign-in/missive-form.ts';
import type { Terminal } from './terminal.ts';

const MAX_ATTEMPTS = 3;

/** One answer to the questions, and what is wrong with it. */
interface Attempt {
  credentials: Credentials;
  mistakes: FormProblem[];
  refused(faults: readonly LoginProblem[]): FormProblem[];
  /** Asks again, for what was wrong. */
  again(problems: readonly FormProblem[]): Promise<Attempt>;
}

/**
 * @param beside what is sealed into the token together with the login
 * @throws {ConfigError} after three attempts, so that no account is locked by us
 */
export async function askForCredentials(
  terminal: Terminal,
  { servers }: { servers: Servers },
  verifyLogin: VerifyLogin,
  beside: object,
): Promise<Credentials> {
  let attempt = await ('missive' in servers
    ? askToken(terminal, servers.missive, beside)
    : askMail(terminal, servers, beside));
  for (let count = 1; ; count++) {
    const problems = await problemsOf(attempt, servers, verifyLogin);
    if (problems.length === 0) return attempt.credentials;
    for (const { sentence } of problems) terminal.say(sentence);
    if (count === MAX_ATTEMPTS) throw new ConfigError('No token was made: the login does not work.');
    attempt = await attempt.again(problems);
  }
}

async function problemsOf(attempt: Attempt, servers: Servers, verifyLogin: VerifyLogin): Promise<FormProblem[]> {
  if (attempt.mistakes.length > 0) return attempt.mistakes;
  const faults = await verifyLogin(accountOf(attempt.credentials, servers));
  return faults.length === 0 ? [] : attempt.refused(faults);
}

async function askToken(terminal: Terminal, server: { url: string }, beside: object): Promise<Attempt> {
  terminal.say(`The API token goes to ${new URL(server.url).host}, and encrypted into the bearer token.`);
  terminal.say('Missive shows it once, under Settings, API, "Create a new token".');
  const ask = async (): Promise<Attempt> => {
    const entered = enteredToken(await terminal.askSecret('API token'), server);
    return {
      credentials: entered.credentials(),
      mistakes: entered.mistakes(beside),
      refused: (faults) => entered.refused(faults).problems,
      again: ask,
    };
  };
  return ask();
}

async function askMail(terminal: Terminal, servers: MailServers, beside: object): Promise<Attempt> {
  terminal.say(`The password goes to ${servers.imap.host} and ${servers.smtp.host}, and encrypted into the token.`);
  const attemptOf = (entry: LoginEntry): Attempt => ({
    credentials: credentialsOf(entry),
    mistakes: entryProblems(entry, beside),
    refused: (all) => {
      const faults = all.filter((fault) => fault.service !== 'missive');
      const problems = loginProblems(faults, entry, servers);
      return needsOwnSmtpLogin(faults, entry)
        ? problems.map((problem) => ({ ...problem, place: 'smtp_password' }))
        : problems;
    },
    again: async (problems) =>
      attemptOf(
        problems.some(({ place }) => place === 'smtp_password')
          ? await askSmtpLogin(terminal, entry)
          : await askLogin(terminal, entry),
      ),
  });
  return attemptOf(await askLogin(terminal));
}

async function askLogin(terminal: Terminal, before: LoginEntry = emptyEntry): Promise<LoginEntry> {
  const fullName = await terminal.ask('Full name, as the people you write to see it (may be empty)', before.fullName);
  const email = await terminal.ask('Email address', before.email);
  const imapUsername = await terminal.ask('User name', before.imapUsername || email);
  const imapPassword = await terminal.askSecret('Password');
  return {
    ...emptyEntry,
    fullName: fullName.trim(),
    email: email.trim(),
    imapUsername: imapUsername.trim(),
    imapPassword,
  };
}

async function askSmtpLogin(terminal: Terminal, before: LoginEntry): Promise<LoginEntry> {
  const smtpUsername = await terminal.ask('User name for sending', before.smtpUsername || before.imapUsername);
  const smtpPassword = await terminal.askSecret('Password for sending');
  return { ...before, useSameCredentials: false, smtpUsername: smtpUsername.trim(), smtpPassword };
}
