/** Builds the contacts of a create or update request, so that Missive silently drops nothing. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import type { MissiveSession } from './missive-session.ts';

type Contact = Record<string, unknown>;

/** @throws {ToolError} if a contact is empty, or `contacts` is mixed with the fields of one contact */
export function newContacts({ contact_book, contacts, ...single }: Contact): Contact[] {
  const flat = defined(single);
  if (Array.isArray(contacts) && Object.keys(flat).length > 0) {
    throw new ToolError('Give either the fields of one contact, or `contacts`, not both.');
  }
  const all: Contact[] = Array.isArray(contacts) ? contacts.map(defined) : [flat];
  if (all.some((contact) => Object.keys(contact).length === 0)) {
    throw new ToolError('A contact needs something to know it by: a first or last name, or an entry in infos.');
  }
  return all.map((contact) => ({ contact_book, ...contact }));
}

const defined = (fields: Contact): Contact =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const Group = z.object({ kind: z.string(), name: z.string() });
const Entry = z.record(z.string(), z.unknown());
const Current = z.object({ infos: z.array(Entry).nullish(), memberships: z.array(Entry).nullish() });
const CurrentContacts = z.object({ contacts: z.union([z.array(Current), Current]) });

/**
 * The change of a contact. A list in the request replaces the whole list in Missive, so the current entries are read first and sent along.
 *
 * @throws {ToolError} if the contact cannot be read
 */
export async function mergedContact({ id, replace, ...changes }: Contact, session: MissiveSession): Promise<Contact> {
  const { infos, memberships, ...rest } = defined(changes);
  const lists = { ...(Array.isArray(infos) && { infos }), ...(Array.isArray(memberships) && { memberships }) };
  if (replace === true || Object.keys(lists).length === 0) return { id, ...rest, ...lists };
  const content = await session.api.request({ http: 'GET', path: `/contacts/${encodeURIComponent(String(id))}` });
  const parsed = CurrentContacts.safeParse(content);
  const current = parsed.success ? [parsed.data.contacts].flat()[0] : undefined;
  if (current === undefined) throw new ToolError('The contact could not be read, so nothing was changed.');
  return {
    id,
    ...rest,
    ...(Array.isArray(infos) && { infos: merged(current.infos ?? [], infos, infoKey) }),
    ...(Array.isArray(memberships) && { memberships: merged(current.memberships ?? [], memberships, groupKey) }),
  };
}

/** The current entries whose key is not given, then the given ones. */
function merged(current: Contact[], given: unknown[], keyOf: (entry: Contact) => string): Contact[] {
  const entries = given.map((entry) => Entry.parse(entry));
  const keys = new Set(entries.map(keyOf));
  return [...current.filter((entry) => !keys.has(keyOf(entry))).map(toInput), ...entries];
}

/** An entry as requests have it: without the nulls of a response, and with its group named by kind and name instead of an id. */
function toInput(entry: Contact): Contact {
  const { group, ...rest } = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null));
  const named = Group.safeParse(group);
  return { ...rest, ...(named.success && { group: named.data }) };
}

/** Two entries with equal keys are the same address or number; their labels may differ. */
function infoKey({ kind, value, name, street, postal_code }: Contact): string {
  return JSON.stringify([kind, String(value ?? name ?? '').toLowerCase(), street ?? null, postal_code ?? null]);
}

function groupKey({ group }: Contact): string {
  const parsed = Group.safeParse(group);
  return parsed.success ? JSON.stringify([parsed.data.kind, parsed.data.name]) : '';
}
