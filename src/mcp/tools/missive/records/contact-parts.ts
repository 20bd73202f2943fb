/** The lists inside a contact: its addresses and numbers, and where it belongs. */
import { z } from 'zod';
import { Text } from '../fields.ts';

/** A kind of info with its labels and the keys that hold its data. */
const info = <Kind extends string, Data extends z.ZodRawShape>(
  kind: Kind,
  labels: readonly [string, ...string[]],
  data: Data,
) =>
  z.strictObject({
    kind: z.literal(kind),
    label: z.enum(labels),
    custom_label: z.string().max(100).optional().describe('Only with the label "other".'),
    ...data,
  });

const value = z.string().min(1).max(1000);
const place = z.string().max(500).optional();

export const infoInput = z
  .discriminatedUnion('kind', [
    info('email', ['home', 'work', 'personal', 'other'], { value }),
    info('phone_number', ['main', 'mobile', 'home', 'work', 'home_fax', 'work_fax', 'other_fax', 'pager', 'other'], {
      value,
    }),
    info('twitter', ['work', 'personal', 'other'], { value }),
    info('facebook', ['work', 'personal', 'other'], { name: value }),
    info('physical_address', ['work', 'home', 'other'], {
      street: place,
      extended_address: place,
      city: place,
      region: place,
      postal_code: place,
      po_box: place,
      country: place,
    }),
    info('url', ['homepage', 'profile', 'blog', 'work', 'personal', 'other'], { value }),
    info('custom', ['other'], { value }),
  ])
  .refine((given) => given.custom_label === undefined || given.label === 'other', {
    message: 'custom_label goes with the label "other" only',
  });

export const membershipInput = z
  .strictObject({
    group: z
      .strictObject({ kind: z.enum(['organization', 'group']), name: z.string().min(1).max(500) })
      .describe('Names a group or an organization of the contact book.'),
    title: z.string().max(500).optional(),
    department: z.string().max(500).optional(),
    location: z.string().max(500).optional(),
    description: z.string().max(2000).optional(),
  })
  .refine(
    ({ group, title, department, location, description }) =>
      group.kind === 'organization' || (title ?? department ?? location ?? description) === undefined,
    { message: 'title, department, location and description go with a group of the kind "organization" only' },
  );

/** As Missive answers; whatever the kind, the keys that it has. */
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
  group: z.object({ id: Text, kind: Text, name: Text }).nullish(),
});
