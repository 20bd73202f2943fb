/** Describes conversations in a result, each in one short row. Tools take the names that it has. */
import { z } from 'zod';
import { withoutEmpty } from '../without-empty.ts';
import { Text } from './fields.ts';
import type { MissiveSession } from './missive-session.ts';
import { nameOf, namesOf, people, subjectOf, textOf, timeOf } from './reading/api-rows.ts';

const texts = z.array(z.string()).optional();
const count = z.number().optional();

/** A row of the list of conversations. Guests see only id and last activity. */
export const ConversationRow = z.object({
  id: z.string(),
  subject: Text.describe('Title that the team gave it, else the subject of its newest message.'),
  last_activity_at: Text,
  authors: texts,
  team: Text,
  assignees: texts,
  shared_labels: texts,
  messages_count: count,
  drafts_count: count,
  attachments_count: count,
  tasks_count: count,
});

/** A single conversation: with its state for each user. */
export const Conversation = ConversationRow.extend({
  organization: Text,
  color: Text,
  send_later_messages_count: count,
  users: texts.describe('With access, and its state for each that is not plainly in the Inbox.'),
  web_url: Text,
});

type Item = Record<string, unknown>;
type Zone = Pick<MissiveSession, 'timeZone'>;

const amount = (value: unknown) => (typeof value === 'number' && value > 0 ? value : undefined);

export function toConversationRow(item: Item, { timeZone }: Zone) {
  const external = people(item.external_authors);
  return {
    id: item.id,
    ...withoutEmpty({
      subject: subjectOf(item.subject) || subjectOf(item.latest_message_subject),
      last_activity_at: timeOf(item.last_activity_at, timeZone),
      authors: external.length > 0 ? external : people(item.authors),
      team: nameOf(item.team),
      assignees: namesOf(item.assignees),
      shared_labels: namesOf(item.shared_labels),
      messages_count: amount(item.messages_count),
      drafts_count: amount(item.drafts_count),
      attachments_count: amount(item.attachments_count),
      tasks_count: amount(item.tasks_count),
    }),
  };
}

const STATES = ['closed', 'archived', 'trashed', 'junked', 'assigned', 'flagged', 'snoozed'];
const Users = z.array(z.record(z.string(), z.unknown())).catch([]);

export function toConversation(item: Item, session: Zone) {
  return {
    ...toConversationRow(item, session),
    ...withoutEmpty({
      organization: nameOf(item.organization),
      color: textOf(item.color),
      send_later_messages_count: amount(item.send_later_messages_count),
      users: Users.parse(item.users).map((user) => {
        const states = STATES.filter((state) => user[state] === true);
        return states.length === 0 ? nameOf(user) : `${nameOf(user)} (${states.join(', ')})`;
      }),
      web_url: textOf(item.web_url),
    }),
  };
}
