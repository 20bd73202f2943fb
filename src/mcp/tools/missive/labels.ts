/** Operations on shared labels. */
import { z } from 'zod';
import { labelRows } from '../../missive/answers/short-rows.ts';
import { OFFSET_PAGING, requireChange, Text } from '../../missive/fields.ts';
import { onlyOne, optionalId, optionalIds, pathId } from '../../missive/id-parameters.ts';
import { defineOperation, elsewhere, inBody, local, rarely } from '../../missive/operation.ts';
import { clears, narrows } from '../../parameter-meanings.ts';

const Label = z.object({
  id: z.string(),
  path: Text.describe('From the top, such as "Support/Urgent". Blanks around the slash mean nothing.'),
  color: Text,
  organization: Text.describe('Where there are several.'),
});

/** @param given wraps each parameter that an update can empty */
const sharing = (given: <Schema extends z.ZodType>(schema: Schema) => Schema) => ({
  share_with_organization: rarely(inBody(z.boolean().optional().describe('Everyone sees its conversations.'))),
  share_with_team: rarely(optionalId('body', 'team', 'It sees them.')),
  share_with_users: rarely(optionalIds('body', 'user', 'They see them.', given)),
  visibility: rarely(
    inBody(
      narrows(z.enum(['organization', 'delegates']))
        .optional()
        .describe('Who can see that the label exists.'),
    ),
  ),
});

const color = inBody(
  z
    .string()
    .regex(/^#?[0-9a-fA-F]{3,8}$/, 'must be a HEX colour such as #c02020')
    .optional()
    .describe('Such as "#c02020".'),
);

const TO_LABEL =
  'this tool changes the label itself. update_a_missive_conversation_by_id puts it on a conversation, as add_shared_labels.';

export const labels = [
  defineOperation({
    name: 'list_all_missive_shared_labels',
    title: 'List Missive shared labels',
    description:
      'Shared labels by their path, which other tools take as it is. update_a_missive_conversation_by_id puts one on a conversation.',
    http: 'GET',
    path: '/shared_labels',
    effect: 'reads',
    method: 'list',
    tags: ['labels'],
    parameters: {
      organization: optionalId('query', 'organization'),
      colors: rarely(local(z.literal(true).optional().describe('Returns the colours too.'))),
    },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'shared_labels', item: Label },
    short: (rows, { colors }) => labelRows(rows, { areColored: colors === true }),
  }),
  defineOperation({
    name: 'create_a_missive_shared_label',
    title: 'Create a Missive shared label',
    description:
      'Makes a shared label. Look first whether it is there (list_all_missive_shared_labels). Sharing it shares its conversations.',
    http: 'POST',
    path: '/shared_labels',
    effect: 'writes',
    method: 'create',
    tags: ['labels'],
    parameters: {
      name: inBody(z.string().min(1).describe('Without its parents.')),
      organization: onlyOne(optionalId('body', 'organization')),
      color,
      parent: optionalId('body', 'shared_label', 'The label above it.'),
      ...sharing((schema) => schema),
    },
    envelope: { key: 'shared_labels', as: 'array' },
    answer: { kind: 'one', key: 'shared_labels', as: 'shared_label', item: Label },
    short: (rows) => labelRows(rows, { areColored: true }),
  }),
  defineOperation({
    name: 'update_a_missive_shared_label_by_id',
    title: 'Update a Missive shared label',
    description:
      'Renames, recolours, moves or shares a label itself, for everyone; update_a_missive_conversation_by_id puts it on a conversation. Sharing is for admins and owners.',
    http: 'PATCH',
    path: '/shared_labels/:id',
    effect: 'writes',
    method: 'update',
    tags: ['labels'],
    idempotent: true,
    parameters: {
      id: pathId('shared_label'),
      name: inBody(z.string().min(1).optional().describe('Without its parents.')),
      color,
      parent: optionalId('body', 'shared_label', 'The label above it.'),
      ...sharing(clears),
    },
    envelope: { key: 'shared_labels', as: 'array', withId: 'id' },
    answer: { kind: 'one', key: 'shared_labels', as: 'shared_label', item: Label },
    short: (rows) => labelRows(rows, { areColored: true }),
    insteadOf: elsewhere(
      TO_LABEL,
      ...['conversation', 'conversation_id', 'conversations', 'conversation_ids', 'thread', 'thread_id', 'threads'],
    ),
    check({ id: _, ...changes }) {
      requireChange(
        changes,
        ' To put a label on a conversation use update_a_missive_conversation_by_id with add_shared_labels.',
      );
    },
  }),
];
