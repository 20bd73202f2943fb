/** The rows of all operation records. */
import { contacts } from './contacts.ts';
import { conversations } from './conversations.ts';
import { directory } from './directory.ts';
import { drafts } from './drafts.ts';
import { messages } from './messages.ts';
import { posts } from './posts.ts';
import { responses } from './responses.ts';
import type { Rows } from './row.ts';
import { tasks } from './tasks.ts';
import { webhooksAnalytics } from './webhooks-analytics.ts';

export const rows: Rows = {
  ...directory,
  ...contacts,
  ...conversations,
  ...messages,
  ...drafts,
  ...posts,
  ...tasks,
  ...responses,
  ...webhooksAnalytics,
};
