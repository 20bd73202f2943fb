import { conversationParts } from '../missive/conversation-parts.ts';
import type { MissiveSession } from '../missive/missive-session.ts';
import { toolOf } from '../missive/tool-of-operation.ts';
import type { Tool } from '../tool.ts';
import { analytics } from './missive/analytics.ts';
import { contacts } from './missive/contacts.ts';
import { conversations } from './missive/conversations.ts';
import { directory } from './missive/directory.ts';
import { drafts } from './missive/drafts.ts';
import { labels } from './missive/labels.ts';
import { messages } from './missive/messages.ts';
import { posts } from './missive/posts.ts';
import { responses } from './missive/responses.ts';
import { tasks } from './missive/tasks.ts';
import { webhooks } from './missive/webhooks.ts';

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
