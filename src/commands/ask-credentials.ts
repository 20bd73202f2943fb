/** Asks for credentials on the terminal, at most three times, until the servers accept them. */
import type { Servers, VerifyLogin } from '../account.ts';
import { ConfigError } from '../errors.ts';
import type { InboxIdentity } from '../mail/account.ts';
import { signInForm } from '../oauth/forms/forms.ts';
import { en, type Sentence } from '../oauth/pages/languages/en.ts';
import { accountOf, type Credentials, mailboxIdOf } from '../oauth/sealed/identity.ts';
import type { FitsIntoToken } from '../oauth/sealed/sealed-types.ts';
import type { Terminal } from './terminal.ts';

const MAX_ATTEMPTS = 3;

/** The answers, keyed by the names of the fields of the sign-in page. */
type Fields = Readonly<Record<string, string>>;

type Problems = readonly { place: string; sentence: Sentence }[];

/**
 * @param fits whether the token has room for the credentials
 * @throws {ConfigError} after three attempts; more could make the mail server lock the account
 */
export async function askForCredentials(
  terminal: Terminal,
  { servers }: { servers: Servers },
  verifyLogin: VerifyLogin,
  fits: FitsIntoToken,
): Promise<{ login: Credentials; mailbox?: string }> {
  if ('imap' in servers && servers.signIn !== undefined) {
    throw new ConfigError(
      'The accounts of this connection sign in at a provider, in a browser: no token can be made here.',
    );
  }
  announceServers(terminal, servers);
  let fields = await askFields(terminal, servers);
  for (let count = 1; ; count++) {
    const form = signInForm(servers).read({
      get: (name) => fields[name] || undefined,
      ...{ all: () => [], repeated: new Set(), without: () => '' },
    });
    let problems: Problems = form.validate(fits);
    if (problems.length === 0) {
      const account = accountOf(form.credentials(), servers);
      let mailbox: string | undefined;
      const identify = (inbox: InboxIdentity) => {
        mailbox = account.service === 'mail' ? mailboxIdOf(account, inbox) : undefined;
      };
      const refusal = await verifyLogin(account, { isDiagnosed: true, identify });
      if (refusal.length === 0) return { login: form.credentials(), ...(mailbox && { mailbox }) };
      problems = form.afterRefusal(refusal).problems;
    }
    for (const { sentence } of problems) terminal.say(sentence(en));
    if (count === MAX_ATTEMPTS)
      throw new ConfigError('No token was created: the servers do not accept the credentials.');
    fields = await askAgain(terminal, servers, fields, problems);
  }
}

function announceServers(terminal: Terminal, servers: Servers): void {
  if ('missive' in servers) {
    terminal.say(`The API token is sent to ${new URL(servers.missive.url).host}, and encrypted into the bearer token.`);
    terminal.say('Missive shows it once, under Settings, API, "Create a new token".');
  } else {
    const { imap, smtp } = servers;
    terminal.say(`The password is sent to ${imap.host} and ${smtp.host}, and encrypted into the token.`);
  }
}

async function askFields(terminal: Terminal, servers: Servers, before: Fields = {}): Promise<Fields> {
  return 'missive' in servers
    ? { api_token: await terminal.askSecret('API token') }
    : askImapCredentials(terminal, before);
}

/** Asks for the SMTP credentials alone if a problem concerns them, otherwise for all other fields. */
async function askAgain(terminal: Terminal, servers: Servers, before: Fields, problems: Problems): Promise<Fields> {
  return problems.some(({ place }) => place === 'smtp_password')
    ? askSmtpCredentials(terminal, before)
    : askFields(terminal, servers, before);
}

async function askImapCredentials(terminal: Terminal, before: Fields): Promise<Fields> {
  const fullName = await terminal.ask('Full name, as recipients see it (may be empty)', before.full_name ?? '');
  const email = await terminal.ask('Email address', before.email ?? '');
  const username = await terminal.ask('User name', before.imap_username || email);
  const password = await terminal.askSecret('Password');
  return {
    full_name: fullName.trim(),
    email: email.trim(),
    imap_username: username.trim(),
    imap_password: password,
    use_same_credentials: '1',
  };
}

async function askSmtpCredentials(terminal: Terminal, before: Fields): Promise<Fields> {
  const { use_same_credentials: _ticked, ...kept } = before;
  const username = await terminal.ask('User name for sending', before.smtp_username || before.imap_username);
  const password = await terminal.askSecret('Password for sending');
  return { ...kept, smtp_username: username.trim(), smtp_password: password };
}
