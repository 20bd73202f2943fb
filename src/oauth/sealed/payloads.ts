/** Declares what each type of sealed value contains, beside the claims that all of them have. The types are in sealed-types.ts. */
import { z } from 'zod';
import { Servers } from '../../account.ts';
import { MailAccount, MailServer } from '../../mail/account.ts';
import { Consent, ENDS, Policy, Power } from '../../policy.ts';
import { Scope } from '../scope.ts';
import { ApprovalFacts, Credentials, MailboxId } from './identity.ts';

/**
 * What is known of the account from the sign-in on: the tokens of a grant carry it along. Layout 2 has room for all of it, so that later releases add
 * no layout.
 */
export const AccountFacts = z.object({
  /** Absent: the mail server has not said which mailbox the login opens; or a Missive account. */
  mailbox: MailboxId.optional(),
  /** Name in the IANA time zone database. */
  time_zone: z.string().optional(),
  /** Further addresses of the account owner, as the sign-in page has read them: `Ida Brandt <ida@example.org>`, or the address alone. */
  identities: z.array(z.string()).optional(),
  /** `jti` of the connection that the account uses. Absent: there was one connection alone. */
  connection: z.string().optional(),
  ...ApprovalFacts.shape,
});

/** 64 bytes in base64url. */
const Signature = z.string().length(86);

/** A client that the operator minted. Redirect URIs of known clients are sealed by preset name, to keep the client_id short. */
export const ClientPayload = z.object({
  /** Version of this layout. */
  v: z.literal(1),
  name: z.string().min(1),
  /** SHA-256 of the client secret, base64url. Absent: a public client, which has no secret. */
  secret_hash: z.string().length(43).optional(),
  presets: z.array(z.string()).optional(),
  redirect_uris: z.array(z.string()).optional(),
  servers: Servers,
  policy: Policy.optional(),
  /** Of accounts that give none at the sign-in. Name in the IANA time zone database. */
  time_zone: z.string().optional(),
  /** Of the operator, over everything else; see minting-signature.ts. Absent: minted without a minting key. */
  signature: Signature.optional(),
});

/** The metadata of a registered client (RFC 7591). Its servers and limits are in the operator's default connection. */
export const RegisteredPayload = z.object({
  /** Version of this layout. */
  v: z.literal(1),
  name: z.string().optional(),
  auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'none']),
  redirect_uris: z.array(z.string()).min(1),
});

/** The servers and limits of dynamic clients. */
export const ConnectionPayload = z.object({
  /** Version of this layout. */
  v: z.literal(1),
  servers: Servers,
  policy: Policy.optional(),
  /** Of accounts that give none at the sign-in. Name in the IANA time zone database. */
  time_zone: z.string().optional(),
  /** Domains of the addresses that it is for, as A-labels in lower case (RFC 5890 §2.3.2.1). Absent: of all. */
  domains: z.array(z.string()).optional(),
  /** As in a client. */
  signature: Signature.optional(),
});

/** The validated authorization request, while the sign-in page is shown. */
export const TransactionPayload = z.object({
  /** Stays the same when the page is shown again, so that one transaction gives one code. */
  tid: z.string(),
  client_id: z.string(),
  redirect_uri: z.string(),
  state: z.string().optional(),
  code_challenge: z.string(),
  aud: z.string(),
  scope: Scope,
  /** `jti` of the connection whose page it is. Absent: the address has not decided yet, or the client has servers of its own. */
  connection: z.string().optional(),
  /** SHA-256 of the cookie of the browser that requested the page. */
  browser: z.string(),
});

/** The `jti` of the code becomes the id of the grant, which its tokens carry as `gid`. */
export const CodePayload = z.object({
  client: z.string(),
  redirect_uri: z.string(),
  code_challenge: z.string(),
  aud: z.string(),
  scope: Scope,
  /** Absent: everything that was requested, without a limit. */
  consent: Consent.optional(),
  login: Credentials,
  ...AccountFacts.shape,
});

export const AccessPayload = z.object({
  iss: z.string(),
  aud: z.string(),
  /** The subject of the account; see identity.ts. */
  sub: z.string(),
  gid: z.string(),
  /** Time of the sign-in, seconds since 1970. */
  granted_at: z.int(),
  /** End of the grant and of the links that were made under it. Absent: the full lifetime of a grant. */
  ends: z.int().optional(),
  client: z.object({
    jti: z.string(),
    name: z.string(),
    /** Absent: minted by the operator. False: a dynamic client, of which there can be any number. */
    minted: z.literal(false).optional(),
  }),
  scope: Scope,
  /** Absent: everything that was requested, without a limit. */
  consent: Consent.optional(),
  /** The client's limits when the token was issued. Absent: no limits. */
  policy: Policy.optional(),
  login: Credentials,
  servers: Servers,
  /** Without `mailbox`: `sub` is computed from it. */
  ...AccountFacts.shape,
});

export const RefreshPayload = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  gid: z.string(),
  granted_at: z.int(),
  client: z.string(),
  /** As granted at the sign-in. A refresh may request less; the next one may have all of it again (RFC 6749 §6). */
  scope: Scope,
  /** Absent: everything that was requested, without a limit. */
  consent: Consent.optional(),
  /** Host of the redirect URI, for the list of the account's grants. */
  redirect_host: z.string().optional(),
  /** `jti` of the token that this one has replaced; written by the first release, and not read any more. */
  parent: z.string().optional(),
  login: Credentials,
  ...AccountFacts.shape,
});

/** The session of the operator at /admin. */
export const AdminSessionPayload = z.object({
  /** SHA-256 of the admin token: another token ends the session. */
  tokenHash: z.string().length(43),
});

/** The sign-in page at /account, before the sign-in. */
export const AccountSignInPayload = z.object({
  /** `jti` of the client whose servers these are. */
  client: z.string(),
  servers: Servers,
  /** SHA-256 of the cookie of the browser that requested the page. */
  browser: z.string(),
});

/** The list at /account, after the sign-in: the account without its password or API token. */
export const AccountSessionPayload = z.object({
  who: z.union([
    z.object({
      imap: z.object({ server: MailServer, login: z.object({ username: z.string() }) }),
      /** As in the code. */
      mailbox: MailboxId.optional(),
    }),
    z.object({ url: z.string(), tokenHash: z.string() }),
  ]),
  /** The provider, as people know it, at which the account owner has signed in. Absent: with a password or API token. */
  provider: z.string().optional(),
  /** SHA-256 of the cookie of the browser that requested the page. */
  browser: z.string(),
});

/** One grant in the list at /account. Sealed, so that the store does not reveal recipients and clients. */
export const GrantPayload = z.object({
  gid: z.string(),
  /** The subject in whose list it is, so that it means nothing in another list. Absent from notes of the first release. */
  sub: z.string().optional(),
  client: z.object({ jti: z.string(), name: z.string() }),
  redirect_host: z.string().optional(),
  scope: Scope,
  powers: z.array(Power),
  recipients: z.array(z.string()).optional(),
  granted_at: z.int(),
  until: z.int(),
  /** What the grant has approved at a provider. */
  approval: z.string().optional(),
});

/** What an account owner last left on in one browser, for one client. */
export const ChoicesPayload = z.object({
  /** `jti` of the client. */
  client: z.string(),
  powers: z.array(Power),
  /** As in Policy. */
  recipients: z.array(z.string()).optional(),
  end: z.enum(ENDS),
  /** Keyed hashes of the logins that have succeeded in this browser: for reading, and for sending if it is another. */
  login_hashes: z.array(z.string().length(22)).min(1).max(2),
});

/** A token of a provider, in the state. */
export const ProviderTokenPayload = z.object({
  /** Of the grant; as in the code. */
  approval: z.string(),
  /** What the token gives access to; `refresh`: it is the newest refresh token. */
  kind: z.enum(['mail', 'graph', 'refresh']),
  value: z.string(),
});

/** A sign-in at a provider, while the browser is there. */
export const UpstreamPayload = z.object({
  /** The page that was left: where it goes on after the provider. */
  page: z.enum(['authorize', 'account']),
  /** The sealed transaction of the sign-in page. */
  transaction: z.string(),
  /** The sign-in page as it was submitted. */
  form: z.string(),
  nonce: z.string(),
  code_verifier: z.string(),
  /** How often the provider was asked; the second time for consent again. */
  asked: z.enum(['once', 'twice']),
});

/** One part of one message: its content never changes under the same UIDVALIDITY and UID (RFC 9051 §2.3.1.1). */
export const AttachmentPayload = z.object({
  imap: MailAccount.shape.imap,
  mailbox: z.string(),
  uidValidity: z.string(),
  uid: z.number().int().positive(),
  part: z.string(),
});
