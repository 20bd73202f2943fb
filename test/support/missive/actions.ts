/** Applies to a conversation of the stand-in what posts, drafts, messages and updates change. */
import { randomUUID } from 'node:crypto';
import { type Call, type Fields, find, listOf, Refusal } from './call.ts';
import { ofConversation, type Row } from './data.ts';
import { conversation as newConversation } from './rows.ts';

const NEED_ORGANIZATION = ['add_users', 'add_assignees', 'remove_assignees', 'add_shared_labels'];

/** The conversation with this id, or with which the one with this id was merged. */
export function conversationBy({ data }: Call, id: unknown): Row {
  return find(data.conversations, data.merged.get(String(id)) ?? id);
}

/** The conversation that the fields name, else the first that a reference belongs to, else a new one. */
export function targetOf(call: Call, fields: Fields): Row {
  const { data, now } = call;
  if (fields.conversation !== undefined) return conversationBy(call, fields.conversation);
  const bare = (messageId: unknown) => String(messageId).replace(/^<|>$/g, '');
  for (const reference of listOf(fields.references)) {
    const known = data.messages.find(({ email_message_id }) => bare(email_message_id) === bare(reference));
    if (known !== undefined) return conversationBy(call, known._conversation);
  }
  const made = newConversation({ id: randomUUID(), created_at: now, last_activity_at: now, team: null, authors: [] });
  data.conversations.push({ ...made, organization: null });
  return find(data.conversations, made.id);
}

const people = (row: Row): Fields[] => (Array.isArray(row.users) ? row.users : []);

function setUserState(row: Row, changes: Fields, ids?: readonly string[]): void {
  row.users = people(row).map((user) => (ids && !ids.includes(String(user.id)) ? user : { ...user, ...changes }));
}

export function applyActions(call: Call, conversation: Row, fields: Fields): void {
  const { data } = call;
  for (const name of NEED_ORGANIZATION) {
    if (fields[name] !== undefined && fields.organization === undefined) {
      throw new Refusal(400, `'organization' is required when '${name}' is defined`);
    }
  }
  if (fields.add_to_team_inbox && fields.team === undefined) {
    throw new Refusal(400, "'team' is required when 'add_to_team_inbox' is defined");
  }
  const users = listOf(fields.add_users).map((id) => find(data.users, id));
  const assignees = listOf(fields.add_assignees).map((id) => find(data.users, id));
  const labels = listOf(fields.add_shared_labels).map((id) => find(data.shared_labels, id));
  if (fields.organization !== undefined) {
    const { id, name } = find(data.organizations, fields.organization);
    if (labels.some(({ organization }) => organization !== id)) throw new Refusal(403, 'Forbidden');
    conversation.organization = { id, name };
  }
  if (fields.team !== undefined && (conversation.team === null || fields.force_team === true)) {
    const { id, name, organization } = find(data.teams, fields.team);
    conversation.team = { id, name, organization };
  }
  if (fields.conversation_subject !== undefined) conversation.subject = fields.conversation_subject;
  if (fields.conversation_color !== undefined) conversation.color = fields.conversation_color;
  conversation.users = [
    ...people(conversation),
    ...users.filter(({ id }) => people(conversation).every((u) => u.id !== id)),
  ];
  assign(conversation, assignees, listOf(fields.remove_assignees));
  label(conversation, labels, listOf(fields.remove_shared_labels));
  if (fields.close) setUserState(conversation, { closed: true });
  if (fields.add_to_inbox || fields.add_to_team_inbox) setUserState(conversation, { archived: false, closed: false });
}

export function reopen(conversation: Row): void {
  setUserState(conversation, { closed: false });
}

const named = (value: unknown): { id: string; name: unknown; email?: unknown }[] => (Array.isArray(value) ? value : []);

function assign(conversation: Row, added: readonly Row[], removed: readonly string[]): void {
  const kept = named(conversation.assignees).filter(({ id }) => !removed.includes(id));
  const fresh = added.filter(({ id }) => kept.every((each) => each.id !== id));
  conversation.assignees = [...kept, ...fresh.map(({ id, name, email }) => ({ id, name, email }))];
  setUserState(
    conversation,
    { assigned: true },
    added.map(({ id }) => id),
  );
  setUserState(conversation, { assigned: false }, removed);
}

function label(conversation: Row, added: readonly Row[], removed: readonly string[]): void {
  const kept = named(conversation.shared_labels).filter(({ id }) => !removed.includes(id));
  const fresh = added.filter(({ id }) => kept.every((each) => each.id !== id));
  const all = [...kept, ...fresh.map(({ id, name }) => ({ id, name }))];
  conversation.shared_labels = all;
  conversation.shared_label_names = all.map(({ name }) => name).join(', ');
}

/** All addresses in the messages of a conversation. */
export function addressesIn({ data }: Call, { id }: Row): string[] {
  return ofConversation(data.messages, id).flatMap((message) =>
    ['from_field', 'to_fields', 'cc_fields', 'bcc_fields', 'reply_to_fields']
      .flatMap((field) => [message[field]].flat())
      .flatMap((one) => (typeof one === 'object' && one !== null && 'address' in one ? [String(one.address)] : [])),
  );
}
