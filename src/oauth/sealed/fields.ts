/** Declares what packing.ts has to know of a field beside its schema: its number, if it is optional, and how its value becomes shorter. */

/**
 * Numbers of optional fields, the same in every object. A number is never changed and never used again: sealed values contain it. Numbers below 24
 * take one byte.
 */
export const OPTIONAL_FIELDS: Readonly<Record<string, number>> = {
  jti: 0,
  exp: 1,
  iss: 2,
  sub: 3,
  name: 4,
  username: 5,
  smtp: 6,
  presets: 7,
  redirect_uris: 8,
  policy: 9,
  consent: 10,
  minted: 11,
  redirect_host: 12,
  parent: 13,
  ends: 14,
  mailbox: 15,
  time_zone: 16,
  identities: 17,
  sign_in: 18,
  provider_token: 19,
  approval: 20,
  powers: 21,
  recipients: 22,
  secret_hash: 23,
  signature: 24,
  until: 25,
  state: 26,
  sentCopy: 27,
  methods: 28,
  tags: 29,
  tools: 30,
  folders: 31,
  max_sends_per_hour: 32,
  /** For servers by reference: an entry of a table of providers. */
  provider: 33,
  /** `jti` of the connection that decides about servers and limits. */
  connection: 34,
  authservIds: 35,
  max_changes_per_hour: 36,
  signIn: 37,
  issuer: 38,
  clientId: 39,
  clientSecret: 40,
  tenants: 41,
  scopes: 42,
  domains: 43,
  custody: 44,
  refreshToken: 45,
  provider_hash: 46,
};

/**
 * - `id`: text in base64url, packed as bytes
 * - `time`: seconds since 1970, packed as the difference to the time of sealing
 * - `port`: the usual ports of mail servers take one byte
 */
export type Kind = 'id' | 'time' | 'port';

/** Fields of any object that are packed in a way of their own. Passwords are not: the length of a value must not depend on their characters. */
export const KINDS: Readonly<Record<string, Kind>> = {
  jti: 'id',
  gid: 'id',
  sub: 'id',
  client: 'id',
  tid: 'id',
  parent: 'id',
  mailbox: 'id',
  approval: 'id',
  provider_hash: 'id',
  custody: 'id',
  browser: 'id',
  secret_hash: 'id',
  tokenHash: 'id',
  code_challenge: 'id',
  signature: 'id',
  connection: 'id',
  exp: 'time',
  granted_at: 'time',
  ends: 'time',
  until: 'time',
  port: 'port',
};
