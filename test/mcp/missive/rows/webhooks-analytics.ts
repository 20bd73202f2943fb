import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import type { Rows } from './row.ts';

export const webhooksAnalytics: Rows = {
  create_a_missive_webhook: {
    good: [
      {
        shows: 'the id, which no other call returns',
        args: {
          type: 'incoming_email',
          url: 'https://hooks.example.com/in',
          organization: ids.organization,
          subject_contains: 'outage',
          from_eq: 'jane.doe@customer.example',
        },
        requests: [
          {
            method: 'POST',
            path: '/hooks',
            body: {
              hooks: {
                type: 'incoming_email',
                url: 'https://hooks.example.com/in',
                organization: ids.organization,
                subject_contains: 'outage',
                from_eq: 'jane.doe@customer.example',
              },
            },
          },
        ],
        result: { webhook: { id: expect.any(String) } },
      },
    ],
    bad: [
      {
        what: 'an unknown kind of webhook',
        args: { type: 'conversation_closed', url: 'https://hooks.example.com/in' },
        says: /type/,
      },
      { what: 'a URL without TLS', args: { type: 'new_comment', url: 'http://hooks.example.com/in' }, says: /https/ },
      {
        what: 'a filter of mail for comments',
        args: { type: 'new_comment', url: 'https://hooks.example.com/in', from_eq: 'a@x.example' },
        says: /from_eq goes with the type incoming_email/,
      },
      {
        what: 'a filter of comments for mail',
        args: { type: 'incoming_email', url: 'https://hooks.example.com/in', mention: ids.ana },
        says: /mention goes with the type new_comment/,
      },
    ],
  },
  delete_a_missive_webhook_by_id: {
    good: [
      {
        shows: 'that it is done',
        args: { id: ids.hook },
        requests: [{ method: 'DELETE', path: `/hooks/${ids.hook}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
  create_a_missive_analytics_report: {
    good: [
      {
        shows: 'the id of a pending report',
        args: {
          organization: ids.organization,
          start: 1_759_276_800,
          end: 1_760_000_000,
          time_zone: 'Europe/Paris',
          teams: [ids.support],
          account_types: ['email'],
        },
        requests: [
          {
            method: 'POST',
            path: '/analytics/reports',
            body: {
              reports: {
                organization: ids.organization,
                start: 1_759_276_800,
                end: 1_760_000_000,
                time_zone: 'Europe/Paris',
                teams: [ids.support],
                account_types: ['email'],
              },
            },
          },
        ],
        result: { report: { id: expect.any(String) } },
      },
    ],
    bad: [
      { what: 'no organization', args: { start: 1, end: 2 }, says: /organization/, looksUp: true },
      {
        what: 'an end before its start',
        args: { organization: ids.organization, start: 2, end: 1 },
        says: /end must be later/,
      },
      {
        what: 'an unknown kind of account',
        args: { organization: ids.organization, start: 1, end: 2, account_types: ['fax'] },
        says: /account_types/,
      },
    ],
  },
  get_single_missive_analytics_report_by_id: {
    good: [
      {
        shows: 'the contents of a report',
        args: { id: ids.report },
        requests: [{ path: `/analytics/reports/${ids.report}` }],
        result: {
          report: { selected_period: { global: { totals: { metrics: { inbound_count: { v: 12 } } } } } },
        },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
};
