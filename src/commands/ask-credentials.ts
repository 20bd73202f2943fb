/** Asks for credentials on the terminal, at most three times, until the servers accept them. */
import type { LoginProblem, Servers, VerifyLogin } from '../account.ts';
import { ConfigError } from '../errors.ts';
import type { MailServers } from '../mail/account.ts';
import { accountOf, type Credentials } from '../oauth/sealed/identity.ts';
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

/** Credentials that were entered, and the sentences about their problems. */
interface Attempt {
  credentials: Credentials;
  /** Problems that are found without asking a server. */
  entryProblems: FormProblem[];
  toRefusalProblems(faults: readonly LoginProblem[]): FormProblem[];
  /** Asks again for the fields that have problems. */
  askAgain(problems: readonly FormProblem[]): Promise<Attempt>;
}

/**
 * @param claims what is sealed into the token together with the credentials
 * @throws {ConfigError} after three attempts; more could make the mail server lock the account
 */
export async function askForCredentials(
  terminal: Terminal,
  { servers }: { servers: Servers },
  verifyLogin: VerifyLogin,
  claims: object,
): Promise<Credentials> {
  let attempt = await ('missive' in servers
    ? askMissiveToken(terminal, servers.missive, claims)
    : askMailCredentials(terminal, servers, claims));
  for (let count = 1; ; count++) {
    const problems = await findProblems(attempt, servers, verifyLogin);
    if (problems.length === 0) return attempt.credentials;
    for (const { sentence } of problems) terminal.say(sentence);
    if (count === MAX_ATTEMPTS)
      throw new ConfigError('No token was created: the servers do not accept the credentials.');
    attempt = await attempt.askAgain(problems);
  }
}

async function findProblems(attempt: Attempt, servers: Servers, verifyLogin: VerifyLogin): Promise<FormProblem[]> {
  if (attempt.entryProblems.length > 0) return attempt.entryProblems;
  const faults = await verifyLogin(accountOf(attempt.credentials, servers));
  return faults.length === 0 ? [] : attempt.toRefusalProblems(faults);
}

async function askMissiveToken(terminal: Terminal, server: { url: string }, claims: object): Promise<Attempt> {
  terminal.say(`The API token is sent to ${new URL(server.url).host}, and encrypted into the bearer token.`);
  terminal.say('Missive shows it once, under Settings, API, "Create a new token".');
  const ask = async (): Promise<Attempt> => {
    const entered = enteredToken(await terminal.askSecret('API token'), server);
    return {
      credentials: entered.credentials(),
      entryProblems: entered.mistakes(claims),
      toRefusalProblems: (faults) => entered.refused(faults).problems,
      askAgain: ask,
    };
  };
  return ask();
}

async function askMailCredentials(terminal: Terminal, servers: MailServers, claims: object): Promise<Attempt> {
  terminal.say(`The password is sent to ${servers.imap.host} and ${servers.smtp.host}, and encrypted into the token.`);
  const toAttempt = (entry: LoginEntry): Attempt => ({
    credentials: credentialsOf(entry),
    entryProblems: entryProblems(entry, claims),
    toRefusalProblems: (all) => {
      const faults = all.filter((fault) => fault.service !== 'missive');
      const problems = loginProblems(faults, entry, servers);
      return needsOwnSmtpLogin(faults, entry)
        ? problems.map((problem) => ({ ...problem, place: 'smtp_password' }))
        : problems;
    },
    askAgain: async (problems) =>
      toAttempt(
        problems.some(({ place }) => place === 'smtp_password')
          ? await askSmtpCredentials(terminal, entry)
          : await askImapCredentials(terminal, entry),
      ),
  });
  return toAttempt(await askImapCredentials(terminal));
}

async function askImapCredentials(terminal: Terminal, before: LoginEntry = emptyEntry): Promise<LoginEntry> {
  const fullName = await terminal.ask('Full name, as recipients see it (may be empty)', before.fullName);
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

async function askSmtpCredentials(terminal: Terminal, before: LoginEntry): Promise<LoginEntry> {
  const smtpUsername = await terminal.ask('User name for sending', before.smtpUsername || before.imapUsername);
  const smtpPassword = await terminal.askSecret('Password for sending');
  return { ...before, useSameCredentials: false, smtpUsername: smtpUsername.trim(), smtpPassword };
}
