/** `mail-mcp token`: creates a bearer token for clients that do not support OAuth. */
import { z } from 'zod';
import { serviceOf, type VerifyLogin } from '../account.ts';
import { ConfigError, OAuthError } from '../errors.ts';
import { powersLeft } from '../mcp/permit/permit.ts';
import { toolsOf } from '../mcp/services.ts';
import { type Client, clientInToken, unsealClient } from '../oauth/client/client.ts';
import { jtiOfClient } from '../oauth/client/denied-clients.ts';
import { resourceOf } from '../oauth/metadata.ts';
import { grantedScope, type Scope, scopeWith } from '../oauth/scope.ts';
import { accountOf, subjectOf } from '../oauth/sealed/identity.ts';
import { createKeyring, type Keyring, randomId, toSeconds } from '../oauth/sealed/jwe.ts';
import { type AccessPayload, createTokenFit, createTokens, SEALED_TYPES } from '../oauth/sealed/sealed-types.ts';
import { readConfig } from '../settings/config.ts';
import { isTimeZone } from '../text/time-zone.ts';
import { askForCredentials } from './ask-credentials.ts';
import type { Terminal } from './terminal.ts';

const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_LIFETIME_DAYS = 90;

const Flags = z.object({
  clientId: z.string('--client-id is required: the client whose servers and limits apply to the token.'),
  scope: z.string().optional(),
  expiresAt: z.coerce.date('--expires-at must be a time such as 2027-01-31 or 2027-01-31T12:00:00Z.').optional(),
  timeZone: z
    .string()
    .refine(isTimeZone, '--time-zone must be a name of the IANA database, such as Europe/Berlin.')
    .optional(),
  json: z.boolean().default(false),
});

/**
 * Asks for credentials, verifies them at the servers, and seals them with the limits of the client.
 *
 * @param flags the output of the command line parser, of any shape
 * @returns the text to print: the token, its scope and its end
 * @throws {ConfigError} with one sentence per line for every fault; also after three refused credentials
 */
export async function createPersonalToken(
  flags: unknown,
  env: NodeJS.ProcessEnv,
  services: { openTerminal: () => Terminal; verifyLogin: VerifyLogin; now: () => Date },
): Promise<string> {
  const { now, verifyLogin } = services;
  const config = readConfig(env);
  const parsed = Flags.safeParse(flags);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(({ message }) => message).join('\n'));
  const keyring = createKeyring(config.keys);
  const tokens = createTokens(keyring);
  const client = await unsealClient(tokens, parsed.data.clientId, now()).catch((cause) => {
    throw new ConfigError(
      '--client-id was not minted with this ENCRYPTION_KEY, has expired, or lacks the signature that MINTING_PUBLIC_KEY requires.',
      {
        cause,
      },
    );
  });
  await requireNotDenied(client, config.deniedClients, keyring);
  const scope = scopeOf(parsed.data.scope, client);
  const end = expiryOf(parsed.data.expiresAt, client, now());

  const { servers, policy } = client;
  const timeZone = parsed.data.timeZone ?? client.timeZone;
  const claims = {
    iss: config.issuer,
    aud: resourceOf(config.issuer),
    ends: toSeconds(end),
    client: clientInToken(client),
    scope,
    servers,
    ...(Object.keys(policy).length > 0 && { policy }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
  };
  const fits = createTokenFit(tokens.personal, claims, now());
  const { login, mailbox } = await askForCredentials(services.openTerminal(), client, verifyLogin, fits);
  const sub = subjectOf(keyring, { ...accountOf(login, servers), mailbox });
  const payload: AccessPayload = { ...claims, sub, gid: randomId(), granted_at: toSeconds(now()), login };
  const token = await tokens.personal.seal(payload, now(), end);
  return print({ token, grant: payload.gid, scope, policy, end, timeZone }, parsed.data.json);
}

interface PersonalToken {
  token: string;
  grant: string;
  scope: Scope;
  policy: Client['policy'];
  timeZone: string | undefined;
  end: Date;
}

function print({ token, grant, scope, policy, timeZone, end }: PersonalToken, isJson: boolean): string {
  const expiresAt = end.toISOString();
  if (isJson) {
    return `${JSON.stringify({ token, grant, scope, policy, time_zone: timeZone, expires_at: expiresAt }, null, 2)}\n`;
  }
  return [
    `Bearer token: ${token}`,
    `Scope: ${scope.join(' ')}`,
    ...(timeZone === undefined ? [] : [`Time zone: ${timeZone}`]),
    `Expires: ${expiresAt}`,
    `Grant: ${grant}`,
    '',
  ].join('\n');
}

/** @throws {ConfigError} for a denied client: servers would refuse its tokens */
async function requireNotDenied({ jti }: Client, named: readonly string[], keyring: Keyring): Promise<void> {
  const denied = await Promise.all(named.map((one) => jtiOfClient(one, keyring)));
  if (denied.includes(jti)) throw new ConfigError('--client-id is denied by DENIED_CLIENTS.');
}

/** The requested scope without the scopes that the limits of the client exclude. */
function scopeOf(requested: string | undefined, { policy, servers }: Client): Scope {
  const scope = scopeWith(knownScope(requested), powersLeft(toolsOf(serviceOf(servers)), policy));
  if (scope.length === 0) throw new ConfigError('--scope: the limits of the client exclude all of it.');
  return scope;
}

function knownScope(requested: string | undefined): Scope {
  try {
    return grantedScope(requested);
  } catch (error) {
    throw error instanceof OAuthError ? new ConfigError(`--scope: ${error.message}`) : error;
  }
}

/** The requested end, or that of the client if it is earlier. */
function expiryOf(requested: Date | undefined, { expiresAt }: Client, now: Date): Date {
  const end = requested ?? new Date(now.getTime() + DEFAULT_LIFETIME_DAYS * DAY_MS);
  if (end <= now) throw new ConfigError('--expires-at is in the past.');
  if (end.getTime() > now.getTime() + SEALED_TYPES.personal.lifetimeSeconds * 1000)
    throw new ConfigError('--expires-at must be within a year.');
  return expiresAt !== null && expiresAt < end ? expiresAt : end;
}
