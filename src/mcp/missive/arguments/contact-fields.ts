/** Reads the fields of a contact as models write them: addresses and numbers as texts, and under names that a contact does not have. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { elsewhere } from '../operation.ts';

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
  return entries.map(readInfo);
}

/** As rows show it, or with a label that is left out, or with a kind and label in other words. */
function readInfo(value: unknown): unknown {
  const kindOfText = typeof value === 'string' ? kindIn(value) : undefined;
  if (typeof value === 'string') return kindOfText ? { kind: kindOfText, label: 'other', value: value.trim() } : value;
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

/** @param value several contacts, as received @throws {ToolError} for a field that goes elsewhere */
export function readContacts(value: unknown): unknown {
  const given = parsed(value);
  return (Array.isArray(given) ? given : [given]).map((each) => {
    const { data: contact } = Fields.safeParse(each);
    if (contact === undefined || Array.isArray(each)) return each;
    const [key, sentence] = Object.entries(FIELDS_OF_SEVERAL).find(([name]) => isGiven(contact, name)) ?? [];
    if (key !== undefined) throw new ToolError(`There is no parameter ${key} in contacts: ${sentence}`);
    return contact.infos === undefined ? contact : { ...contact, infos: readInfos(contact.infos) };
  });
}

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
