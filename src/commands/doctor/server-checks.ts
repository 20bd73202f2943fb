/** Checks the servers of a client: each step before the login, and with `--login` the login itself. */
import type { Servers, VerifyLogin } from '../../account.ts';
import { ConfigError } from '../../errors.ts';
import type { MailServer } from '../../mail/account.ts';
import { type Probe, probeServers } from '../../mail/probe/probe.ts';
import { askForCredentials } from '../ask-credentials.ts';
import type { Terminal } from '../terminal.ts';
import type { Check } from './check.ts';

export async function checkServers(servers: Servers, probe: typeof probeServers = probeServers): Promise<Check[]> {
  if ('missive' in servers) {
    return [{ name: 'Missive', status: 'skipped', says: 'is asked with --login only.' }];
  }
  return (await probe(servers)).map(toCheck);
}

function toCheck({ service, server, passed, fault }: Probe): Check {
  const name = `${service.toUpperCase()} ${addressOf(server)}`;
  const steps = passed.join(', ');
  if (fault === undefined) return { name, status: 'ok', says: `${steps}.` };
  const says = steps === '' ? fault.sentence : `${fault.sentence} Before that: ${steps}.`;
  return { name, status: 'failed', says, remedy: `${fault.remedy} Then mint the client again, if a flag changes.` };
}

const addressOf = ({ host, port, security }: MailServer): string => `${host}:${port} (${security})`;

/** Asks for credentials, and tries them. */
export async function checkLogin(servers: Servers, terminal: Terminal, verifyLogin: VerifyLogin): Promise<Check> {
  const name = 'login';
  try {
    await askForCredentials(terminal, { servers }, verifyLogin, () => true);
    return { name, status: 'ok', says: 'the servers accept the credentials.' };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const remedy = 'The sentences above say why.';
    return { name, status: 'failed', says: 'the servers do not accept the credentials.', remedy };
  }
}
