/** `mail-mcp token`: a bearer token for clients that cannot sign in through OAuth. */
import { z } from 'zod';
import { serviceOf, type VerifyLogin } from '../account.ts';
import { ConfigError, OAuthError } from '../errors.ts';
import { powersLeft } from '../mcp/permit/powers-left.ts';
import { toolsOf } from '../mcp/services.ts';
import { type Client, clientInToken, unsealClient } from '../oauth/client/client.ts';
import { jtiOfClient } from '../oauth/client/named-client.ts';
import { resourceOf } from '../oauth/metadata.ts';
import { grantedScope, type Scope } from '../oauth/scope.ts';
import { accountOf } from '../oauth/sealed/credentials.ts';
import { createKeyring, type Keyring, randomId, toSeconds } from '../oauth/sealed/jwe.ts';
import { type AccessPayload, createTokens, lifetimes } from '../oauth/sealed/sealed-types.ts';
import { subjectOf } from '../oauth/sealed/subject.ts';
import { scopeWith } from '../oauth/sign-in/consent.ts';
import { readConfig } from '../settings/config.ts';
import { askForCredentials } from './ask-credentials.ts';
import type { Terminal } from './terminal.ts';

const dayMs = 24 * 3600 * 1000;
const standardDays = 90;

const Flags = z.object({
  clientId: z.string('--client-id is required: the client whose servers and limits the token has.'),
  scope: z.string().optional(),
  expiresAt: z.coerce.date('--expires-at must be a time such as 2027-01-31 or 2027-01-31T12:00:00Z.').optional(),
  json: z.boolean().default(false),
});

/**
 * Asks for the login, tries it on the servers, and seals it with the client's limits.
 *
 * @param flags what the command line parser read; any shape
 * @returns what is printed: the token, what it may do and when it ends
 * @throws {ConfigError} with one sentence a line for everything that is wrong; three wrong logins are enough
 */
export async function createPersonalToken(
  flags: unknown,
  env: NodeJS.ProcessEnv,
  world: { openTerminal: () => Terminal; verifyLogin: VerifyLogin; now: () => Date },
): Promise<string> {
  const { now, verifyLogin } = world;
  const config = readConfig(env);
  const parsed = Flags.safeParse(flags);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(({ message }) => message).join('\n'));
  const keyring = createKeyring(config.keys);
  const tokens = createTokens(keyring);
  const client = await unsealClient(tokens, parsed.data.clientId, now()).catch((cause) => {
    throw new ConfigError('--client-id is not one that was minted with this ENCRYPTION_KEY, or it has expired.', {
      cause,
    });
  });
  await refuseDenied(client, config.deniedClients, keyring);
  const scope = scopeOf(parsed.data.scope, client);
  const end = endOf(parsed.data.expiresAt, client, now());

  const { servers, policy } = client;
  const beside = {
    iss: config.issuer,
    aud: resourceOf(config.issuer),
    ends: toSeconds(end),
    client: clientInToken(client),
    scope,
    servers,
    ...(Object.keys(policy).length > 0 && { policy }),
  };
  const login = await askForCredentials(world.openTerminal(), client, verifyLogin, beside);
  const sub = subjectOf(keyring, accountOf(login, servers));
  const payload: AccessPayload = { ...beside, sub, gid: randomId(), granted_at: toSeconds(now()), login };
  const token = await tokens.personal.seal(payload, now(), end);
  return parsed.data.json
    ? `${JSON.stringify({ token, grant: payload.gid, scope, policy, expires_at: end.toISOString() }, null, 2)}\n`
    : `${[`Bearer token: ${token}`, `Scope: ${scope.join(' ')}`, `Expires: ${end.toISOString()}`, `Grant: ${payload.gid}`].join('\n')}\n`;
}

/** @throws {ConfigError} for a client whose tokens no server would take */
async function refuseDenied({ jti }: Client, named: readonly string[], keyring: Keyring): Promise<void> {
  const denied = await Promise.all(named.map((one) => jtiOfClient(one, keyring)));
  if (denied.includes(jti)) throw new ConfigError('--client-id is shut out by DENIED_CLIENTS.');
}

/** What is asked for, without that of which the client's limits leave nothing. */
function scopeOf(requested: string | undefined, { policy, servers }: Client): Scope {
  const scope = scopeWith(knownScope(requested), powersLeft(toolsOf(serviceOf(servers)), policy));
  if (scope.length === 0) throw new ConfigError('--scope: the limits of the client leave nothing of that.');
  return scope;
}

function knownScope(requested: string | undefined): Scope {
  try {
    return grantedScope(requested);
  } catch (error) {
    throw error instanceof OAuthError ? new ConfigError(`--scope: ${error.message}`) : error;
  }
}

/** The end that was asked for, within the client's. */
function endOf(asked: Date | undefined, { expiresAt }: Client, now: Date): Date {
  const end = asked ?? new Date(now.getTime() + standardDays * dayMs);
  if (end <= now) throw new ConfigError('--expires-at is in the past.');
  if (end.getTime() > now.getTime() + lifetimes.personalSeconds * 1000)
    throw new ConfigError('--expires-at must be within a year.');
  return expiresAt !== null && expiresAt < end ? expiresAt : end;
}
