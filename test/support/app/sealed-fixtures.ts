/** Reads the values that earlier releases sealed and derived: test/fixtures/sealed/<version>.json, written by scripts/seal-fixtures.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Servers } from '../../../src/account.ts';
import { Position } from '../../../src/mcp/missive/cursor.ts';
import { createKeyring, type Keyring } from '../../../src/oauth/sealed/jwe.ts';
import { AttachmentPayload } from '../../../src/oauth/sealed/payloads.ts';

const DIRECTORY = join(import.meta.dirname, '..', '..', 'fixtures', 'sealed');

export const SEALED_TYPES = [
  ...(['client_id', 'dcr', 'connection', 'transaction', 'code', 'access', 'refresh'] as const),
  ...(['account-door', 'account-visit', 'grant', 'attachment'] as const),
] as const;
export type SealedType = (typeof SEALED_TYPES)[number];

/** The fields of an account that identify it. */
const AccountName = z.union([
  z.object({
    imap: z.object({
      server: z.object({ host: z.string(), port: z.number() }),
      login: z.object({ username: z.string() }),
    }),
  }),
  z.object({ url: z.string(), token: z.string() }),
]);

/** One sealed value, and what is needed to use it. */
const SealedFixture = z.object({
  type: z.enum(SEALED_TYPES),
  name: z.string(),
  key: z.enum(['current', 'previous']),
  token: z.string(),
  /** The payload without `typ`. */
  payload: z.looseObject({ jti: z.string(), iat: z.int(), exp: z.int().optional() }),
  /** Clients only: the secret, null for public clients. */
  secret: z.string().nullish(),
  /** Minted clients only: the redirect URIs that the release accepted, and the tools that its policy allowed. */
  redirect_uris: z.array(z.string()).default([]),
  tools: z.array(z.string()).default([]),
  /** Pages only: the cookie of the browser, and the values of the fields. */
  cookie: z.string().default(''),
  fields: z.record(z.string(), z.string()).default({}),
  code_verifier: z.string().default(''),
  /** Grants only: the key and id of the list entry in the state, and the account. */
  list: z.string().default(''),
  id: z.string().default(''),
  account: AccountName.optional(),
});
export type SealedFixture = z.output<typeof SealedFixture>;

const RedisEntry = z.union([
  z.object({ key: z.string(), value: z.string() }),
  z.object({ key: z.string(), fields: z.record(z.string(), z.string()) }),
]);

const Key = z.string().transform((text) => Buffer.from(text, 'base64'));

const Fixtures = z.object({
  release: z.string(),
  issuer: z.string(),
  sealed_at: z.coerce.date(),
  keys: z.object({ current: Key, previous: Key }),
  sealed: z.array(SealedFixture),
  derived: z.object({
    kids: z.object({ current: z.string(), previous: z.string() }),
    subjects: z.array(z.object({ account: AccountName, subjects: z.array(z.string()) })),
    message_ids: z.array(
      z.object({
        tool: z.string(),
        idempotencyKey: z.string(),
        outgoing: z.object({
          ...{ to: z.string(), subject: z.string(), text_body: z.string(), attachment_urls: z.array(z.string()) },
          ...{ cc: z.string().optional(), bcc: z.string().optional(), html_body: z.string().optional() },
        }),
        id: z.object({ messageId: z.string(), place: z.string(), localPart: z.string() }),
      }),
    ),
    successors: z.array(z.object({ jti: z.string(), successor: z.string() })),
    document_client: z.object({ url: z.string(), jti: z.string() }),
    sends_keys: z.array(
      z.object({
        client: z.object({ jti: z.string(), minted: z.literal(false).optional() }),
        ...{ subject: z.string(), key: z.string() },
      }),
    ),
    s3: z.object({
      environment: z.record(z.string(), z.string()),
      urls: z.array(z.object({ reference: AttachmentPayload, url: z.string() })),
    }),
    cursors: z.array(
      z.object({ tool: z.string(), filters: z.looseObject({}), position: Position, cursor: z.string() }),
    ),
    redis: z.object({ entries: z.array(RedisEntry), marked_at: z.coerce.date() }),
  }),
});
export type Fixtures = z.output<typeof Fixtures>;

/** The fixtures of every release, in no order. */
export const sealedFixtures: readonly Fixtures[] = readdirSync(DIRECTORY).map((file) =>
  Fixtures.parse(JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8'))),
);

export const keyringOf = ({ keys }: Fixtures, notBefore?: Date): Keyring =>
  createKeyring({ current: keys.current, previous: [keys.previous], notBefore });

export const ofType = ({ sealed }: Fixtures, type: SealedType): SealedFixture[] =>
  sealed.filter((fixture) => fixture.type === type);

/** The client that another fixture names by its `jti`. */
export function clientOf({ sealed }: Fixtures, jti: unknown): SealedFixture {
  const client = sealed.find(({ type, payload }) => type === 'client_id' && payload.jti === jti);
  if (client === undefined) throw new Error(`No client_id of the fixtures has the jti ${jti}`);
  return client;
}

export const serviceIn = ({ payload }: SealedFixture): 'mail' | 'missive' =>
  'missive' in Servers.parse(payload.servers) ? 'missive' : 'mail';
