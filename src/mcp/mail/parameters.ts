/** Declares the parameters that several mail tools share. */
import { z } from 'zod';
import { GivenName } from '../outgoing.ts';
import { joins, narrows } from '../parameter-meanings.ts';

/** A folder; resolveFolder() finds the path. */
export const MailboxPath = GivenName.describe('Path, or role: inbox, sent, drafts, archive, trash, junk.');

export const Uid = z.number().int().min(1).max(4294967295).describe('UID in that folder, as rows have it.');

export const Page = z.number().int().min(1).max(1_000_000).default(1).describe('Page 1 holds the newest.');

export const PerPage = z.number().int().min(1).max(100).default(20).describe('Messages on a page, 1 to 100.');

const MAX_PREVIEW_CHARS = 1_000;

/** Characters of the preview of a message. More than there can be is as many as there can be. */
export const Preview = z
  .number()
  .int()
  .min(0)
  .overwrite((chars) => Math.min(chars, MAX_PREVIEW_CHARS))
  .optional();

export const Links = z.boolean().default(false);

export const UidValidity = z
  .string()
  .describe('UIDVALIDITY of the folder, decimal. When it changes, every UID seen before is void (RFC 9051 §2.3.1.1).');

export const ExpectedUidValidity = narrows(
  z
    .string()
    .regex(/^\d{1,20}$/, 'must be the decimal number that the tool which gave you the UID returned as uid_validity'),
)
  .optional()
  .describe('As it came with the UID: refused if it has changed since.');

export const Recipients = joins(z.string().max(32_000)).describe(
  'Comma-separated addresses: `ann@example.com, "Lee, Bo" <bo@example.com>`.',
);
