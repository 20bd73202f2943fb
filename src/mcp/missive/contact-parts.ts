/** Schemas of the two lists inside a contact: infos (addresses and numbers) and memberships (groups and organizations). */
import { z } from 'zod';
import { rare } from '../parameter-meanings.ts';
import { Text } from './fields.ts';

const ADDRESS = ['street', 'extended_address', 'city', 'region', 'postal_code', 'po_box', 'country'] as const;

/** Kinds of infos, each with its labels and its data keys. */
const KINDS = {
  email: { labels: ['home', 'work', 'personal', 'other'], keys: ['value'] },
  phone_number: {
    labels: ['main', 'mobile', 'home', 'work', 'home_fax', 'work_fax', 'other_fax', 'pager', 'other'],
    keys: ['value'],
  },
  twitter: { labels: ['work', 'personal', 'other'], keys: ['value'] },
  facebook: { labels: ['work', 'personal', 'other'], keys: ['name'] },
  physical_address: { labels: ['work', 'home', 'other'], keys: ADDRESS },
  url: { labels: ['homepage', 'profile', 'blog', 'work', 'personal', 'other'], keys: ['value'] },
  custom: { labels: ['other'], keys: ['value'] },
} as const;

type Kind = keyof typeof KINDS;

const data = z.string().min(1).optional();

/** Many clients cannot read alternatives in a schema, so all kinds share one flat object. */

export const infoInput = z
  .strictObject({
    kind: z.enum(Object.keys(KINDS) as [Kind, ...Kind[]]),
    label: z.string().describe('work, home, mobile, main, other …, as the kind has them.'),
    custom_label: rare(z.string().optional().describe('Only with the label "other".')),
    value: data.describe('Not of a physical_address: it has street, city, region, postal_code, country.'),
    name: rare(data),
    street: rare(data),
    extended_address: rare(data),
    city: rare(data),
    region: rare(data),
    postal_code: rare(data),
    po_box: rare(data),
    country: rare(data),
  })
  .superRefine(({ kind, label, custom_label, ...given }, { addIssue }) => {
    const { labels, keys }: { labels: readonly string[]; keys: readonly string[] } = KINDS[kind];
    const fault = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message });
    if (!labels.includes(label)) fault('label', `of ${kind} is one of ${labels.join(', ')}`);
    if (custom_label !== undefined && label !== 'other') fault('custom_label', 'goes with the label "other" only');
    const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    for (const name of names) if (!keys.includes(name)) fault(name, `does not go with ${kind}: use ${keys.join(', ')}`);
    if (!names.some((name) => keys.includes(name))) fault(keys[0] ?? 'value', `is missing: ${kind} needs it`);
  });

export const membershipInput = z
  .strictObject({
    group: z
      .strictObject({ kind: z.enum(['organization', 'group']), name: z.string().min(1) })
      .describe('As the contact book has it.'),
    title: z.string().optional(),
    department: rare(z.string().optional()),
    location: rare(z.string().optional()),
    description: rare(z.string().optional()),
  })
  .refine(
    ({ group, title, department, location, description }) =>
      group.kind === 'organization' || (title ?? department ?? location ?? description) === undefined,
    { message: 'title, department, location and description go with a group of the kind "organization" only' },
  );

/** An info in a result; it has the keys of its kind. */
export const Info = z.object({
  kind: z.string(),
  label: Text,
  custom_label: Text,
  value: Text,
  name: Text,
  street: Text,
  extended_address: Text,
  city: Text,
  region: Text,
  postal_code: Text,
  po_box: Text,
  country: Text,
});

export const Membership = z.object({
  title: Text,
  department: Text,
  location: Text,
  description: Text,
  group: z.object({ id: Text, kind: Text, name: Text }).optional(),
});
