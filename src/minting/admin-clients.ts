/** POST /admin/clients: mints a client as `mail-mcp generate` does, for the operator. Clients are not stored, so none can be listed. */
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Log } from '../log.ts';
import { MAIL_TAGS, MISSIVE_TAGS } from '../mcp/tool.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import { createTokens } from '../oauth/sealed/sealed-types.ts';
import type { State } from '../state/state.ts';
import { createAdminTokenCheck } from './admin-token.ts';
import { type Fault, FLAG_LIST, type FlagName } from './flag-table.ts';
import { mint, readFlags, toClientJson, toLimitsJson, toMintingFaults } from './mint.ts';

const List = z.union([z.array(z.string()), z.string().transform((text) => [text])]);
const SCHEMA_OF_KIND = {
  text: z.string(),
  count: z.union([z.int(), z.string()]).transform(String),
  switch: z.boolean(),
  choice: z.boolean(),
  values: List,
  list: List,
} as const;

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Members of the body beside `config`. */
const BESIDE_CONFIG: Readonly<Record<string, string>> = { name: 'name', expiresAt: 'expires_at' };

/** Flags of the command alone: nothing is probed here (docs/decisions/0060), and a default connection is a setting. */
const OF_COMMAND: readonly FlagName[] = ['connection', 'domain', 'probe', 'json'];

/** The flags of `generate` in snake case: an element of a list is one value. `readFlags` validates the values. */
const Settings = z.strictObject(
  Object.fromEntries(
    FLAG_LIST.flatMap(({ name, kind }) =>
      kind === 'off' || OF_COMMAND.includes(name) || name in BESIDE_CONFIG
        ? []
        : [[snakeCase(name), SCHEMA_OF_KIND[kind].optional()] as const],
    ),
  ),
);

const ALWAYS = z
  .literal(true, 'every call needs an access token of the client, so it cannot be false: leave it out')
  .optional();

const Body = z.strictObject({
  name: z.string().optional(),
  config: Settings.default({}),
  /** ISO 8601. Null or absent: never. */
  expires_at: z.string().nullish(),
  /** What other servers have as a choice: here every call needs an access token. */
  require_api_token_auth: ALWAYS,
});

interface AdminServices {
  issuer: string;
  /** The bearer token that the caller must send (RFC 6750 §2.1). */
  adminToken: string;
  keyring: Keyring;
  now: () => Date;
  log: Log;
  state: State;
}

/** Refuses requests without the admin token, before the body is read. */
export function adminTokenHandler(services: AdminServices): RequestHandler {
  const checkToken = createAdminTokenCheck(services);
  return async (request, response, next) => {
    response.set('Cache-Control', 'no-store');
    const [, token = ''] = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const result = await checkToken(token, request.ip);
    if (result === 'right') return next();
    if (result === 'too_many') {
      response.status(429).set('Retry-After', '60');
      return void response.json({ error: 'too_many_requests' });
    }
    response.status(401).set('WWW-Authenticate', 'Bearer realm="mail-mcp admin"');
    response.json({ error: 'invalid_token' });
  };
}

/** Answers 201 with the client, or 400 with one sentence for each fault. */
export function mintClientHandler({ issuer, keyring, now, log }: AdminServices): RequestHandler {
  return async (request, response) => {
    const body = Body.safeParse(request.body ?? {});
    if (!body.success) {
      const faults = body.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
      return refuse(response, faults);
    }
    const { name, config } = body.data;
    const { parsed, limits, faults } = readFlags(flagsOf(body.data), { now: now(), nameOf });
    if (parsed === undefined) return refuse(response, [...sentencesOf(faults), ...withoutServiceSentences(config)]);
    try {
      const { client, minted } = await mint(keyring, parsed, limits, now());
      const { jti } = await createTokens(keyring).client.inspect(minted.clientId);
      log.info({ client: jti }, 'client minted by the admin endpoint');
      const printed = { ...toClientJson(client, minted), ...toLimitsJson(limits) };
      response.status(201).json({ id: jti, name: name ?? null, config, ...printed, url: `${issuer}/mcp` });
    } catch (error) {
      refuse(response, sentencesOf(toMintingFaults(error)));
    }
  };
}

const sentencesOf = (faults: readonly Fault[]): string[] => faults.map(({ sentence }) => sentence);

/** Answers 400, with the names of flags replaced by those of the fields of the body. */
function refuse(response: Response, faults: readonly string[]): void {
  const sentences = faults.map((fault) =>
    fault.replace(/--(\w[\w-]*)/g, (_, flag: string) => `config.${flag.replaceAll('-', '_')}`),
  );
  response.status(400).json({ error: 'invalid_request', faults: sentences });
}

function flagsOf({ name, config, expires_at: expiresAt }: z.output<typeof Body>): object {
  const settings = Object.entries(withService(config)).map(([key, value]) => [camelCase(key), value]);
  return { ...Object.fromEntries(settings), name, expiresAt: expiresAt ?? undefined };
}

const isOfMissiveOnly = (tag: string): boolean => isOneOf(MISSIVE_TAGS, tag) && !isOneOf(MAIL_TAGS, tag);

const isOneOf = (tags: readonly string[], tag: string): boolean => tags.includes(tag);

type Config = z.output<typeof Settings>;

/**
 * The settings with the service that the tags say: Missive, if there is no server of mail and one of the tags is Missive's alone; another one of mail
 * is then reported. A setting of the server does not decide it: the same body would mint clients of another service elsewhere.
 */
function withService(config: Config): Record<string, unknown> {
  const tags = List.safeParse(config.tags).data ?? [];
  return namesNoService(config) && tags.some(isOfMissiveOnly) ? { ...config, missive: true } : config;
}

const namesNoService = ({ missive, imap_host: host, provider }: Readonly<Record<string, unknown>>): boolean =>
  missive === undefined && host === undefined && provider === undefined;

/** What the body may name in the place of mail servers. */
const withoutServiceSentences = (config: Config): string[] =>
  namesNoService(withService(config))
    ? ['With "missive": true in config it is a client of Missive, and needs no servers.']
    : [];

const nameOf = (flag: string): string => BESIDE_CONFIG[flag] ?? `config.${snakeCase(flag)}`;
