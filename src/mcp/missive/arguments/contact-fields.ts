/** Reads the fields of a contact as models write them: addresses and numbers as texts, and under names that a contact does not have. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { elsewhere } from '../operation.ts';
import { quoted } from './thing-texts.ts';

type Fields = Record<string, unknown>;

const Fields = z.record(z.string(), z.unknown());

const info = (kind: string, label: string) =>
  `it goes into infos, as [{"kind":"${kind}","label":"${label}","value":"…"}].`;

const GROUP = 'it goes into memberships, as [{"group":{"kind":"group","name":"…"}}].';
const COMPANY = 'it goes into memberships, as [{"title":"…","group":{"kind":"organization","name":"…"}}].';
const ADDRESS = 'it goes into infos, as [{"kind":"physical_address","label":"work","street":"…","city":"…"}].';
const NAME = 'pass first_name and last_name.';

/** Keys that models expect on a contact. */
export const FLAT_FIELDS: Readonly<Record<string, string>> = {
  ...elsewhere(info('email', 'work'), 'email', 'emails', 'email_address', 'email_addresses', 'mail'),
  ...elsewhere(
    info('phone_number', 'mobile'),
    'phone',
    'phones',
    'phone_number',
    'phone_numbers',
    'mobile',
    'telephone',
  ),
  ...elsewhere(info('url', 'homepage'), 'website', 'url', 'homepage'),
  ...elsewhere(ADDRESS, 'address', 'addresses', 'street', 'city', 'country'),
  ...elsewhere(
    COMPANY,
    'company',
    'company_name',
    'organization',
    'organisation',
    'title',
    'job_title',
    'role',
    'position',
  ),
  ...elsewhere(GROUP, 'group', 'groups', 'tag', 'tags', 'labels'),
  ...elsewhere(NAME, 'name', 'full_name', 'display_name'),
  ...elsewhere('it goes into notes.', 'note', 'comment', 'description'),
};

/** Kinds and labels of infos as they are otherwise called. */
const KINDS: Readonly<Record<string, string>> = {
  phone: 'phone_number',
  mobile: 'phone_number',
  mail: 'email',
  email_address: 'email',
  address: 'physical_address',
  website: 'url',
};

/** @param value one or several infos, as received */
export function readInfos(value: unknown): unknown {
  const given = parsed(value);
  const entries = Array.isArray(given) ? given : [given];
  return entries.flatMap((entry) => (typeof entry === 'string' ? infosIn(entry) : [readInfo(entry)]));
}

/** A text has one, or several between commas. @throws {ToolError} if one belongs to no kind */
function infosIn(text: string): Fields[] {
  const pieces = kindIn(text) === undefined ? text.split(/[,;\n]/) : [text];
  return pieces.map((piece) => {
    const kind = kindIn(piece);
    if (kind !== undefined) return { kind, label: 'other', value: piece.trim() };
    throw new ToolError(`infos: ${quoted(piece)} is no address, number or link; others go as ${OTHER_INFO}.`);
  });
}

const OTHER_INFO = '{"kind":"custom","label":"other","value":"…"}';

/**
 * @param value one or several memberships, as received
 * @throws {ToolError} for a name alone, of which it is not known whether it is a group or an organization
 */
export function readMemberships(value: unknown): unknown {
  const given = parsed(value);
  return (Array.isArray(given) ? given : [given]).map((each) => {
    const group = typeof each === 'string' ? each : Fields.safeParse(each).data?.group;
    if (typeof group !== 'string') return each;
    const example = JSON.stringify({ group: { kind: 'organization', name: group.trim().slice(0, 100) } });
    throw new ToolError(`memberships: pass ${example}, or the kind "group".`);
  });
}

/** As rows show it, or with a label that is left out, or with a kind and label in other words. */
function readInfo(value: unknown): unknown {
  const { data: entry } = Fields.safeParse(value);
  if (entry === undefined || Array.isArray(value)) return value;
  const { kind, label } = entry;
  const word = (text: unknown) =>
    typeof text === 'string'
      ? text
          .trim()
          .toLowerCase()
          .replaceAll(/[\s-]+/g, '_')
      : text;
  const ownKind = typeof kind === 'string' ? (KINDS[String(word(kind))] ?? word(kind)) : kind;
  return { ...entry, ...(ownKind !== undefined && { kind: ownKind }), label: word(label ?? '') || 'other' };
}

function kindIn(text: string): string | undefined {
  if (/^\s*https?:\/\//i.test(text)) return 'url';
  if (/^\s*[^\s@]+@[^\s@]+\s*$/.test(text)) return 'email';
  return /^\s*\+?[\d\s()./-]{3,30}$/.test(text) ? 'phone_number' : undefined;
}

/** @param value several contacts, as received @throws {ToolError} for a field that goes elsewhere, or a text without an address or number */
export function readContacts(value: unknown): unknown {
  const given = parsed(value);
  return (Array.isArray(given) ? given : [given]).map((each) => {
    if (typeof each === 'string') return contactIn(each);
    const { data: contact } = Fields.safeParse(each);
    if (contact === undefined || Array.isArray(each)) return each;
    const [key, sentence] = Object.entries(FIELDS_OF_SEVERAL).find(([name]) => isGiven(contact, name)) ?? [];
    if (key !== undefined) throw new ToolError(`There is no parameter ${key} in contacts: ${sentence}`);
    return {
      ...contact,
      ...(isGiven(contact, 'infos') && { infos: readInfos(contact.infos) }),
      ...(isGiven(contact, 'memberships') && { memberships: readMemberships(contact.memberships) }),
    };
  });
}

/** `Jane Doe <jane@example.com>`, as answers name people: the last word of several is the last name. */
function contactIn(text: string): Fields {
  const { called, value } = namedIn(text.trim());
  const kind = kindIn(value);
  if (kind === undefined) throw new ToolError(`contacts: ${quoted(text)} is no contact: pass ${A_CONTACT}.`);
  const names = called
    .replaceAll('"', '')
    .split(/\s+/)
    .filter((word) => word !== '');
  const last = names.length > 1 ? names.pop() : undefined;
  return {
    ...(names.length > 0 && { first_name: names.join(' ') }),
    ...(last !== undefined && { last_name: last }),
    infos: [{ kind, label: 'other', value: value.trim() }],
  };
}

/** Without an expression, whose time would grow with the cube of the blanks. */
function namedIn(text: string): { called: string; value: string } {
  const start = text.endsWith('>') ? text.lastIndexOf('<') : -1;
  const called = text.slice(0, Math.max(0, start));
  return start === -1 || /[<>]/.test(called)
    ? { called: '', value: text }
    : { called, value: text.slice(start + 1, -1) };
}

const A_CONTACT = '"Jane Doe <jane@x.example>", or {"first_name":"Jane","last_name":"Doe","infos":["jane@x.example"]}';

const FIELDS_OF_SEVERAL = { ...FLAT_FIELDS, contact_book: 'it goes beside contacts, once for all of them.' };

const isGiven = (fields: Fields, name: string): boolean => fields[name] !== undefined && fields[name] !== null;

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value) || value.length > MAX_JSON_CHARS) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const MAX_JSON_CHARS = 65_536;
