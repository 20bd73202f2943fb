/** Operations on analytics reports. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { Seconds } from '../../missive/fields.ts';
import { onlyOne, optionalId, optionalIds, pathId } from '../../missive/id-parameters.ts';
import { asTime, defineOperation, inBody } from '../../missive/operation.ts';
import type { Thing } from '../../missive/thing.ts';

const only = (thing: Thing) => optionalIds('body', thing, 'Only these (Business plan).');

export const analytics = [
  defineOperation({
    name: 'create_a_missive_analytics_report',
    title: 'Create a Missive analytics report',
    description:
      'Counts messages and times of a period. After a few seconds get_single_missive_analytics_report_by_id has the result.',
    http: 'POST',
    path: '/analytics/reports',
    effect: 'writes',
    method: 'create',
    tags: ['analytics'],
    isUnlisted: true,
    parameters: {
      organization: onlyOne(optionalId('body', 'organization')),
      start: asTime(inBody(Seconds.describe('Begin (Unix time or ISO 8601).'))),
      end: asTime(inBody(Seconds.describe('End.'))),
      time_zone: inBody(z.string().optional().describe('IANA name, such as "Europe/Paris".')),
      teams: only('team'),
      users: only('user'),
      accounts: only('account'),
      shared_labels: only('shared_label'),
      account_types: inBody(
        z
          .array(z.enum(['custom', 'email', 'instagram', 'live_chat', 'messenger', 'sms', 'whatsapp']))
          .optional()
          .describe('Only these kinds of accounts.'),
      ),
    },
    envelope: { key: 'reports', as: 'object' },
    answer: { kind: 'one', key: 'reports', as: 'report', item: z.object({ id: z.string() }) },
    check({ start, end }) {
      if (end <= start) throw new ToolError('end must be later than start.');
    },
  }),
  defineOperation({
    name: 'get_single_missive_analytics_report_by_id',
    title: 'Get a Missive analytics report',
    description:
      'What a report found. It is ready a few seconds after create_a_missive_analytics_report, and gone a minute later.',
    http: 'GET',
    path: '/analytics/reports/:id',
    effect: 'reads',
    method: 'get',
    tags: ['analytics'],
    isUnlisted: true,
    parameters: { id: pathId('report') },
    answer: {
      kind: 'one',
      key: 'reports',
      as: 'report',
      // The documentation does not describe the contents.
      item: z.looseObject({
        selected_period: z.record(z.string(), z.unknown()).optional(),
        previous_period: z.record(z.string(), z.unknown()).optional(),
      }),
    },
    notFound:
      'The report is not ready yet, or was there for its minute and is gone: both look the same. Call again after 5 seconds, up to ten times; then make a new one with create_a_missive_analytics_report.',
  }),
];
