/** Describes a client id or token without its secrets, for the holder of the key (`mail-mcp inspect`). */
import type { Servers } from '../account.ts';
import { ConfigError } from '../errors.ts';
import type { MailServer } from '../mail/account.ts';
import { toSignInJson } from '../minting/server-flags.ts';
import { resourceOf } from '../oauth/metadata.ts';
import { isHashOfName, isMeantFor } from '../oauth/sealed/audience.ts';
import { type Claims, createKeyring, type Sealer, type SignatureState } from '../oauth/sealed/jwe.ts';
import { createTokens, type Tokens } from '../oauth/sealed/sealed-types.ts';
import type { Policy } from '../policy.ts';
import { readKeys } from '../settings/config.ts';

/**
 * @returns one JSON object to print: kind, jti, times and the content of that kind
 * @throws {ConfigError} if none of the keys decrypts it
 */
export async function inspect(sealed: string, env: NodeJS.ProcessEnv, now: Date): Promise<string> {
  const tokens = createTokens(createKeyring(readKeys(env)));
  for (const inspectAs of inspectors(tokens, env.BASE_URL)) {
    const content = await inspectAs(sealed.trim(), now);
    if (content !== null) return `${JSON.stringify(content, null, 2)}\n`;
  }
  throw new ConfigError('This is no client id and no token that ENCRYPTION_KEY or one of the earlier keys decrypts.');
}

/** Resolves to null for a value of another kind. */
type Inspector = (sealed: string, now: Date) => Promise<object | null>;

/** The fields of each kind that are printed. All others are omitted: credentials, hashes, states, challenges. */
function inspectors(tokens: Tokens, baseUrl: string | undefined): Inspector[] {
  const grantView = grantViewFor(baseUrl);
  return [
    mintedInspector('client_id', tokens.client, ({ name, presets, redirect_uris, secret_hash, servers, ...given }) => ({
      name,
      type: secret_hash === undefined ? 'public' : 'confidential',
      presets,
      redirect_uris,
      ...serverView(servers),
      ...givenView(given),
    })),
    inspector('registered', tokens.registered, ({ name, auth_method, redirect_uris }) => ({
      name,
      auth_method,
      redirect_uris,
    })),
    mintedInspector('connection', tokens.connection, ({ servers, domains, ...given }) => ({
      ...serverView(servers),
      domains,
      ...givenView(given),
    })),
    inspector('access', tokens.access, ({ client, scope, consent, servers, ...grant }) => ({
      ...grantView(grant),
      ...{ client, scope, consent },
      ...givenView(grant),
      ...serverView(servers),
    })),
    inspector('refresh', tokens.refresh, ({ client, scope, consent, time_zone, ...grant }) => ({
      ...grantView(grant),
      ...{ client, scope, consent, time_zone },
    })),
    inspector('code', tokens.code, ({ client, redirect_uri, scope, consent, time_zone }) => ({
      client,
      redirect_uri,
      scope,
      consent,
      time_zone,
    })),
    inspector('transaction', tokens.transaction, ({ redirect_uri, scope }) => ({ redirect_uri, scope })),
  ];
}

/** The operator's limits and the time zone; absent ones are not printed. */
const givenView = ({ policy, time_zone }: { policy?: Policy | undefined; time_zone?: string | undefined }) => ({
  policy,
  time_zone,
});

function inspector<T extends object>(kind: string, type: Sealer<T>, view: (content: T) => object): Inspector {
  return async (sealed, now) => {
    const content = await type.inspect(sealed).catch(() => null);
    return content && { kind, ...claimsView(content, now), ...view(content) };
  };
}

const SIGNED: Readonly<Record<SignatureState, boolean | string>> = {
  absent: false,
  valid: true,
  wrong: 'by another key than MINTING_PUBLIC_KEY',
  unverified: 'not verified: MINTING_PUBLIC_KEY is not set',
};

/** For what the operator mints: says whether it is signed. */
function mintedInspector<T extends object>(kind: string, type: Sealer<T>, view: (content: T) => object): Inspector {
  return async (sealed, now) => {
    const content = await type.inspect(sealed).catch(() => null);
    return (
      content && { kind, ...claimsView(content, now), signed: SIGNED[type.signatureOf(content)], ...view(content) }
    );
  };
}

function claimsView({ jti, iat, exp }: Claims, now: Date): object {
  const ends = exp === undefined ? {} : { expires_at: time(exp), expired: exp * 1000 <= now.getTime() };
  return { jti, issued_at: time(iat), ...ends };
}

interface GrantClaims {
  iss: string;
  aud: string;
  sub: string;
  gid: string;
  granted_at: number;
}

/** @param baseUrl issuer of a server: the name of another one may be known by its hash only */
function grantViewFor(baseUrl: string | undefined): (claims: GrantClaims) => object {
  const issuer = URL.canParse(baseUrl ?? '') ? new URL(baseUrl ?? '').origin : undefined;
  return ({ iss, aud, sub, gid, granted_at }) => {
    const isOurs = issuer !== undefined && isMeantFor({ iss, aud }, { issuer, resource: resourceOf(issuer) });
    const server = isOurs ? { issuer } : isHashOfName(iss) ? { audience: aud } : { issuer: iss };
    return { ...server, subject: sub, grant: gid, granted_at: time(granted_at) };
  };
}

const serverView = (servers: Servers) =>
  'missive' in servers
    ? { missive: servers.missive.url }
    : {
        ...{ imap: address(servers.imap), smtp: address(servers.smtp), authserv_ids: servers.authservIds },
        sign_in: servers.signIn === undefined ? 'password' : toSignInJson(servers.signIn),
      };

const address = ({ host, port, security }: MailServer): string => `${host}:${port} (${security})`;

const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
