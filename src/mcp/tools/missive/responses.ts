/** Operations on responses: texts that a team keeps for its answers. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { responseRow, responseRows } from '../../missive/answers/short-rows.ts';
import { OFFSET_PAGING, requireChange, Text } from '../../missive/fields.ts';
import { htmlBodyFields, htmlBodyParameters, presentHtmlBody } from '../../missive/html-body.ts';
import { optionalId, optionalIds, pathId } from '../../missive/id-parameters.ts';
import { defineOperation, elsewhere, inBody, rarely } from '../../missive/operation.ts';
import { withLabelPaths } from '../../missive/reading/label-paths.ts';
import {
  attachmentParameter,
  attachmentUses,
  FILES_ELSEWHERE,
  withAttachments,
} from '../../missive/writing/attachment-urls.ts';
import { bodyFormatField, bodyFormatParameter, withHtmlBody } from '../../missive/writing/body-format.ts';
import { peopleParameter } from '../../missive/writing/person-parameters.ts';
import { clears, narrows } from '../../parameter-meanings.ts';

const people = z.array(z.string()).optional();

const ResponseItem = z.object({
  id: z.string(),
  title: Text,
  subject: Text,
  organization: Text,
  user: Text,
  share_with_team: Text,
  shared_labels: z.array(z.string()).optional(),
  to_fields: people,
  cc_fields: people,
  bcc_fields: people,
  modified_at: z.number().optional(),
});

/** @param given wraps each parameter that an update can empty */
const content = (given: <Schema extends z.ZodType>(schema: Schema) => Schema) => ({
  title: inBody(z.string().min(1).max(500).optional().describe('How people find it.')),
  body: inBody(given(z.string()).optional().describe('Text or HTML.')),
  ...bodyFormatParameter,
  subject: inBody(given(z.string().max(500)).optional().describe('Subject that it sets.')),
  share_with_team: optionalId('body', 'team', 'Needs organization.', narrows),
  shared_labels: optionalIds('body', 'shared_label', '', given),
  to_fields: peopleParameter('Recipients that it sets.', given),
  cc_fields: rarely(peopleParameter('Recipients that it sets.', given)),
  bcc_fields: rarely(peopleParameter('Recipients that it sets.', given)),
  external_id: rarely(inBody(z.string().optional().describe('Its id elsewhere; goes with external_source.'))),
  external_source: rarely(inBody(z.string().optional().describe('Where that is; goes with external_id.'))),
  ...attachmentParameter,
});

function checkSource({
  external_id,
  external_source,
}: {
  external_id?: string | undefined;
  external_source?: string | undefined;
}): void {
  if ((external_id === undefined) !== (external_source === undefined)) {
    throw new ToolError('external_id and external_source go together: pass both or none.');
  }
}

const ELSEWHERE = {
  ...elsewhere('pass title.', 'name'),
  ...elsewhere('pass body.', 'text', 'html', 'content', 'message'),
  ...FILES_ELSEWHERE,
};

const id = pathId('response');

export const responses = [
  defineOperation({
    name: 'list_all_missive_responses',
    title: 'List Missive responses',
    description:
      'Ready-made answers of this person and their organizations, without their text (get_single_missive_response_by_id).',
    http: 'GET',
    path: '/responses',
    effect: 'reads',
    method: 'list',
    tags: ['responses'],
    parameters: {
      organization: optionalId('query', 'organization'),
    },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'responses', item: ResponseItem },
    complete: withLabelPaths,
    short: responseRows,
  }),
  defineOperation({
    name: 'get_single_missive_response_by_id',
    title: 'Get a Missive response',
    description: 'One ready-made answer with its text; an update takes it as body_format "html" returns it.',
    http: 'GET',
    path: '/responses/:id',
    effect: 'reads',
    method: 'get',
    tags: ['responses'],
    parameters: { id, ...htmlBodyParameters },
    answer: { kind: 'one', key: 'responses', as: 'response', item: ResponseItem },
    complete: withLabelPaths,
    short: (rows) => rows.map(responseRow),
    presentedFields: htmlBodyFields,
    present: presentHtmlBody,
  }),
  defineOperation({
    name: 'create_a_missive_response',
    title: 'Create a Missive response',
    description: 'Keeps a ready-made answer for either an organization or a user.',
    http: 'POST',
    path: '/responses',
    effect: 'writes',
    method: 'create',
    tags: ['responses'],
    isUnlisted: true,
    parameters: {
      ...content((schema) => schema),
      organization: optionalId('body', 'organization', 'It belongs to it.'),
      user: optionalId('body', 'user', 'It belongs to them.'),
    },
    answer: { kind: 'one', key: 'responses', as: 'response', item: ResponseItem },
    complete: withLabelPaths,
    short: (rows) => rows.map(responseRow),
    check(args) {
      if ((args.organization === undefined) === (args.user === undefined)) {
        throw new ToolError(
          'Pass exactly one of organization (list_all_missive_organizations) and user (list_all_missive_users).',
        );
      }
      if (!args.title && !args.body) throw new ToolError('A response needs a title and a body.');
      if (args.organization === undefined && (args.share_with_team ?? args.shared_labels) !== undefined) {
        throw new ToolError('share_with_team and shared_labels need organization.');
      }
      checkSource(args);
    },
    alsoDoes: (args) => attachmentUses(args),
    prepare: async (args) => withHtmlBody(args),
    reportedFields: bodyFormatField,
    insteadOf: ELSEWHERE,
    body: async (args, session) => ({ responses: [await withAttachments(args, session)] }),
  }),
  defineOperation({
    name: 'update_a_missive_response_by_id',
    title: 'Update a Missive response',
    description: 'Changes what is given; recipients and attachments replace all there are.',
    http: 'PATCH',
    path: '/responses/:id',
    effect: 'writes',
    method: 'update',
    tags: ['responses'],
    idempotent: true,
    isUnlisted: true,
    parameters: { id, ...content(clears) },
    answer: { kind: 'one', key: 'responses', as: 'response', item: ResponseItem },
    complete: withLabelPaths,
    short: (rows) => rows.map(responseRow),
    check({ id: _, ...changes }) {
      requireChange(changes);
      checkSource(changes);
    },
    alsoDoes: (args) => attachmentUses(args),
    prepare: async (args) => withHtmlBody(args),
    reportedFields: bodyFormatField,
    insteadOf: ELSEWHERE,
    body: async (args, session) => ({ responses: [await withAttachments(args, session)] }),
  }),
  defineOperation({
    name: 'delete_a_missive_response_by_id',
    title: 'Delete a Missive response',
    description: 'Deletes a ready-made answer for everyone who has it.',
    http: 'DELETE',
    path: '/responses/:id',
    effect: 'destroys',
    method: 'delete',
    tags: ['responses'],
    idempotent: true,
    isUnlisted: true,
    parameters: { id },
    answer: { kind: 'none' },
  }),
];
