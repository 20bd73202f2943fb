import type { Tool } from '../tool.ts';
import { toolOf } from './missive/executor.ts';
import { analytics } from './missive/records/analytics.ts';
import { contacts } from './missive/records/contacts.ts';
import { conversationParts } from './missive/records/conversation-parts.ts';
import { conversations } from './missive/records/conversations.ts';
import { directory } from './missive/records/directory.ts';
import { drafts } from './missive/records/drafts.ts';
import { labels } from './missive/records/labels.ts';
import { messages } from './missive/records/messages.ts';
import { posts } from './missive/records/posts.ts';
import { responses } from './missive/records/responses.ts';
import { tasks } from './missive/records/tasks.ts';
import { webhooks } from './missive/records/webhooks.ts';
import type { MissiveSession } from './missive/session.ts';

/** Every operation that has a record, in reading order. */
export const missiveOperations = [
  ...directory,
  ...contacts,
  ...labels,
  ...conversations,
  ...conversationParts,
  ...messages,
  ...drafts,
  ...posts,
  ...tasks,
  ...responses,
  ...webhooks,
  ...analytics,
];

/** The tools of a Missive account: one for each record. */
export const missiveTools: readonly Tool<MissiveSession>[] = missiveOperations.map(toolOf);
