/** `mail-mcp doctor`: checks what a server needs, step by step, and says what to do about each fault. */
import { z } from 'zod';
import type { Servers, VerifyLogin } from '../account.ts';
import type { Config } from '../settings/config.ts';
import { boundedChecks, type Check, toLine } from './doctor/check.ts';
import { configFaults, type FoundServers, findConnections } from './doctor/connection-checks.ts';
import { checkClient, checkSettings } from './doctor/key-checks.ts';
import { checkProvider } from './doctor/provider-checks.ts';
import { checkPublicUrl } from './doctor/public-url-checks.ts';
import { checkLogin, checkServers } from './doctor/server-checks.ts';
import { checkRedis, checkS3 } from './doctor/store-checks.ts';
import type { Terminal } from './terminal.ts';

const Flags = z.object({
  clientId: z.string().optional(),
  login: z.boolean().default(false),
  json: z.boolean().default(false),
});

interface DoctorServices {
  /** Where `--client-id=-` is read from. */
  readInput(): Promise<string>;
  openTerminal(): Terminal;
  verifyLogin: VerifyLogin;
  now(): Date;
  /** True: the words for what was found have colours. */
  isColoured: boolean;
}

/** Of the checks of one thing. */
const MAX_WAIT_MS = 20_000;

/**
 * @param flags the output of the command line parser, of any shape
 * @returns the text to print, and whether nothing has failed
 */
export async function doctor(
  flags: unknown,
  env: NodeJS.ProcessEnv,
  services: DoctorServices,
): Promise<{ text: string; isGood: boolean }> {
  const { clientId, login, json } = Flags.parse(flags);
  const { checks: settings, config } = checkSettings(env);
  const { checks: ofClient, found } = await findServers(clientId, env, { config, services });
  const servers = found.map((one) => one.servers);
  const waiting = [
    ...servers.map((one) => boundedChecks('mail servers', MAX_WAIT_MS, () => checkServers(one))),
    ...(config === undefined ? [] : found.flatMap((one) => signInChecks(one, config))),
    ...(config === undefined ? [] : checksOf(config, services)),
  ];
  const checks = [...settings, ...ofClient, ...(await Promise.all(waiting)).flat()];
  // Last, so that its questions do not get in between.
  if (login) checks.push(await loginCheck(servers, services));
  const isGood = checks.every(({ status }) => status !== 'failed');
  const text = json
    ? `${JSON.stringify({ ok: isGood, checks }, null, 2)}\n`
    : checks.map((check) => toLine(check, services.isColoured)).join('');
  return { text, isGood };
}

const checksOf = (config: Config, { now }: DoctorServices): Promise<Check[]>[] => [
  boundedChecks('BASE_URL', MAX_WAIT_MS, () => checkPublicUrl(config.issuer, config.trustProxy !== false, now)),
  boundedChecks('S3', MAX_WAIT_MS, () => checkS3(config.s3)),
  boundedChecks('Redis', MAX_WAIT_MS, () => checkRedis(config)),
];

function signInChecks({ servers, issuers }: FoundServers, config: Config): Promise<Check[]>[] {
  if ('missive' in servers || servers.signIn === undefined) return [];
  const { signIn } = servers;
  const settings = { ...config, issuers };
  return [boundedChecks('sign-in at the provider', MAX_WAIT_MS, () => checkProvider(signIn, settings))];
}

/** The servers of the client id, or else of every connection in DEFAULT_CONNECTION and CONNECTIONS. */
async function findServers(
  given: string | undefined,
  env: NodeJS.ProcessEnv,
  { config, services: { readInput, now } }: { config: Config | undefined; services: DoctorServices },
): Promise<{ checks: Check[]; found: readonly FoundServers[] }> {
  if (given !== undefined) {
    const clientId = given === '-' ? await readInput() : given;
    const checked = await checkClient(clientId.trim(), env, now()).catch((error) => configFaults('client id', error));
    if (Array.isArray(checked)) return { checks: checked, found: [] };
    const { check, client } = checked;
    return {
      checks: [check],
      found: client === undefined ? [] : [{ servers: client.servers, issuers: [config?.issuer ?? ''] }],
    };
  }
  if (config?.connections !== undefined) {
    return findConnections(config, now()).catch((error) => ({ checks: configFaults('connections', error), found: [] }));
  }
  const says = 'is not given, so no mail servers are tried.';
  const remedy = 'Add --client-id=ID, or --client-id=- to read it.';
  return { checks: [{ name: 'client id', status: 'skipped', says, remedy }], found: [] };
}

async function loginCheck([servers, ...others]: readonly Servers[], services: DoctorServices): Promise<Check> {
  if (servers === undefined) {
    return { name: 'login', status: 'failed', says: 'no servers are known.', remedy: 'Add --client-id=ID.' };
  }
  if (others.length > 0) {
    return { name: 'login', status: 'skipped', says: 'there are several connections: sign in with a browser.' };
  }
  if ('imap' in servers && servers.signIn !== undefined) {
    return { name: 'login', status: 'skipped', says: 'accounts sign in at a provider, in a browser.' };
  }
  return checkLogin(servers, services.openTerminal(), services.verifyLogin);
}
