/** What is shown of a conversation. */
import { z } from 'zod';
import { Text } from '../fields.ts';

const Named = z.object({ id: z.string(), name: Text });
const Person = z.object({ id: z.string(), name: Text, email: Text });
const count = z.number().nullish();

/** A guest sees no more than id and last activity. */
export const ConversationSummary = z.object({
  id: z.string(),
  subject: Text.describe('Title that the team gave it; often null.'),
  latest_message_subject: Text,
  last_activity_at: count,
  created_at: count,
  organization: Named.nullish(),
  team: Named.nullish(),
  assignees: z.array(Person).nullish(),
  authors: z.array(z.object({ name: Text, address: Text })).nullish(),
  external_authors: z.array(z.object({ name: Text, address: Text })).nullish(),
  shared_labels: z.array(Named).nullish(),
  messages_count: count,
  drafts_count: count,
  attachments_count: count,
  tasks_count: count,
  web_url: Text,
});

/** The whole of it: also how it stands with each user. */
export const Conversation = ConversationSummary.extend({
  color: Text,
  send_later_messages_count: count,
  completed_tasks_count: count,
  users: z
    .array(
      Person.extend({
        unassigned: z.boolean().nullish(),
        closed: z.boolean().nullish(),
        archived: z.boolean().nullish(),
        trashed: z.boolean().nullish(),
        junked: z.boolean().nullish(),
        assigned: z.boolean().nullish(),
        flagged: z.boolean().nullish(),
        snoozed: z.boolean().nullish(),
      }),
    )
    .nullish(),
});
