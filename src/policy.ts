/** Declares the limits that the operator and the account owner set for a connection. `mcp/permit/` enforces them. */
import { z } from 'zod';

/** The OAuth scopes, in the order in which they are shown and returned. */
export const SCOPES = ['mail.read', 'mail.write', 'mail.send', 'mail.delete'] as const;

/** What an operation does to a mailbox, as the operator's `--methods` names it. */
export const METHODS = ['list', 'get', 'search', 'create', 'update', 'delete', 'send'] as const;
export type Method = (typeof METHODS)[number];

/** Limits that the operator has sealed into a client_id. An absent field sets no limit. */
export const Policy = z.object({
  methods: z.array(z.enum(METHODS)).optional(),
  tags: z.array(z.string()).optional(),
  tools: z.array(z.string()).optional(),
  /** Full names of mailboxes as they were written, INBOX in capitals; a name that ends in a delimiter and `*` includes everything below it. */
  folders: z.array(z.string()).optional(),
  /** Addresses in lower case, or `@` with a domain: all its addresses. */
  recipients: z.array(z.string()).optional(),
  /** Messages in an hour, from one mailbox through one client; all dynamic clients count as one. */
  max_sends_per_hour: z.int().min(0).optional(),
  /** Messages that are moved, flagged or deleted, counted likewise. */
  max_changes_per_hour: z.int().min(0).optional(),
});
export type Policy = z.output<typeof Policy>;

/**
 * The permissions that the account owner grants or withholds one by one on the sign-in page. Sealed values contain their positions: a new one is added
 * at the end. `delete` includes `trash`, also where it was sealed before there was `trash`.
 */
export const POWERS = ['read', 'organise', 'draft', 'send', 'delete', 'trash'] as const;
export const Power = z.enum(POWERS);
export type Power = z.output<typeof Power>;

/** The powers in the order in which they are shown. */
export const SHOWN_POWERS: readonly Power[] = ['read', 'organise', 'draft', 'send', 'trash', 'delete'];

/** @param powers absent: all of them */
export const hasPower = (powers: readonly Power[] | undefined, power: Power): boolean =>
  powers === undefined || powers.includes(power) || (power === 'trash' && powers.includes('delete'));

/** How long a grant may last, as the account owner chooses. */
export const ENDS = ['day', 'week', 'month', 'revoked'] as const;
export type End = (typeof ENDS)[number];

/** The limits that the account owner has set on what was requested. */
export const Consent = z.object({
  /** Absent: all powers of the scope. */
  powers: z.array(Power).min(1).optional(),
  /** As in Policy. */
  recipients: z.array(z.string()).optional(),
  /** End of the grant, seconds since 1970. Absent: until revoked, within the lifetime of a grant. */
  until: z.int().optional(),
});
export type Consent = z.output<typeof Consent>;

/** What a call may do: scope, consent and policy must each allow it. */
export interface Permit {
  /** OAuth scopes of the access token. */
  scope: readonly string[];
  consent: Consent;
  policy: Policy;
}

/** The permit that allows everything. */
export const UNLIMITED: Permit = { scope: SCOPES, consent: {}, policy: {} };
