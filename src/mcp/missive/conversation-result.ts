/** Schemas of a conversation in a result. */
import { z } from 'zod';
import { Text } from './fields.ts';

const Named = z.object({ id: z.string(), name: Text });
const Person = z.object({ id: z.string(), name: Text, email: Text });
const count = z.number().optional();

/** A row of the list of conversations. Guests see only id and last activity. */
export const ConversationSummary = z.object({
  id: z.string(),
  subject: Text.describe('Title that the team gave it; often absent.'),
  latest_message_subject: Text,
  last_activity_at: count,
  created_at: count,
  organization: Named.optional(),
  team: Named.optional(),
  assignees: z.array(Person).optional(),
  authors: z.array(z.object({ name: Text, address: Text })).optional(),
  external_authors: z.array(z.object({ name: Text, address: Text })).optional(),
  shared_labels: z.array(Named).optional(),
  messages_count: count,
  drafts_count: count,
  attachments_count: count,
  tasks_count: count,
  web_url: Text,
});

/** A single conversation: with its state for each user. */
export const Conversation = ConversationSummary.extend({
  color: Text,
  send_later_messages_count: count,
  completed_tasks_count: count,
  users: z
    .array(
      Person.extend({
        unassigned: z.boolean().optional(),
        closed: z.boolean().optional(),
        archived: z.boolean().optional(),
        trashed: z.boolean().optional(),
        junked: z.boolean().optional(),
        assigned: z.boolean().optional(),
        flagged: z.boolean().optional(),
        snoozed: z.boolean().optional(),
      }),
    )
    .optional(),
});
