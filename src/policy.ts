/** The words in which operator and mailbox owner say what a connection may do. `mcp/` holds it to them. */
import { z } from 'zod';

/** The OAuth scopes, in the order they are shown and returned. */
export const SCOPES = ['mail.read', 'mail.write', 'mail.send', 'mail.delete'] as const;

/** What an operation does to a mailbox, as the operator's `--methods` names it. */
export const METHODS = ['list', 'get', 'search', 'create', 'update', 'delete', 'send'] as const;
export type Method = (typeof METHODS)[number];

/** Limits that the operator sealed into a client_id. What is absent is not limited. */
export const Policy = z.object({
  methods: z.array(z.enum(METHODS)).optional(),
  tags: z.array(z.string()).optional(),
  tools: z.array(z.string()).optional(),
  /** Full names of mailboxes, Unicode (NFC), INBOX in capitals; everything below one where it ends in a delimiter and `*`. */
  folders: z.array(z.string()).optional(),
  /** Addresses in lower case, or `@` with a domain: everyone there. */
  recipients: z.array(z.string()).optional(),
  /** Messages in an hour, of one mailbox through one client; all clients that nobody minted count as one. */
  max_sends_per_hour: z.int().min(0).optional(),
});
export type Policy = z.output<typeof Policy>;

/** What a person may grant or keep back, one by one, on the sign-in form. */
export const POWERS = ['read', 'organise', 'draft', 'send', 'delete'] as const;
export const Power = z.enum(POWERS);
export type Power = z.output<typeof Power>;

/** What the owner of the mailbox has left of what was asked for. */
export const Consent = z.object({
  /** Absent: all that the scope stands for. */
  powers: z.array(Power).min(1).optional(),
  /** As in Policy. */
  recipients: z.array(z.string()).optional(),
  /** Seconds since 1970; everything of the grant ends then. Absent: until revoked, within the lifetime of a grant. */
  until: z.int().optional(),
});
export type Consent = z.output<typeof Consent>;

/** What a call may do: everything here has to allow it. */
export interface Permit {
  /** OAuth scopes of the access token. */
  scope: readonly string[];
  consent: Consent;
  policy: Policy;
}

/** Everything, without a limit. */
export const UNLIMITED: Permit = { scope: SCOPES, consent: {}, policy: {} };
