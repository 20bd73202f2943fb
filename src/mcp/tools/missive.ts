/** Lists the tools of a Missive account. A new tool is a record in a file of `missive/`, which is listed here. */
import { createTool } from '../missive/create-tool.ts';
import type { MissiveSession } from '../missive/missive-session.ts';
import type { Tool } from '../tool.ts';
import { analytics } from './missive/analytics.ts';
import { contacts } from './missive/contacts.ts';
import { conversationContents } from './missive/conversation-contents.ts';
import { conversations } from './missive/conversations.ts';
import { directory } from './missive/directory.ts';
import { drafts } from './missive/drafts.ts';
import { labels } from './missive/labels.ts';
import { messages } from './missive/messages.ts';
import { posts } from './missive/posts.ts';
import { responses } from './missive/responses.ts';
import { tasks } from './missive/tasks.ts';
import { webhooks } from './missive/webhooks.ts';

/** All operation records, in the order of tools/list. */
export const missiveOperations = [
  ...directory,
  ...contacts,
  ...labels,
  ...conversations,
  ...conversationContents,
  ...messages,
  ...drafts,
  ...posts,
  ...tasks,
  ...responses,
  ...webhooks,
  ...analytics,
];

/** One tool for each record. */
export const missiveTools: readonly Tool<MissiveSession>[] = missiveOperations.map(createTool);
