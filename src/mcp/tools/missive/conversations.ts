/** Operations that list, read, change and merge conversations. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { checkActions, stateActions } from '../../missive/conversation-actions.ts';
import { Conversation, ConversationRow, toConversation, toConversationRow } from '../../missive/conversation-result.ts';
import { Color, requireChange } from '../../missive/fields.ts';
import { optionalId, pathId, requiredId } from '../../missive/id-parameters.ts';
import { defineOperation, elsewhere, inBody, inQuery, rarely } from '../../missive/operation.ts';
import { withLabelPaths } from '../../missive/reading/label-paths.ts';
import { clears } from '../../parameter-meanings.ts';

const conversationId = pathId('conversation');

const box = (what: string) => inQuery(z.literal(true).optional().describe(what));

const boxes = {
  inbox: box('In the Inbox.'),
  all: box('All of them.'),
  assigned: box('Assigned to this person.'),
  closed: box('Closed ones.'),
  snoozed: box('Snoozed ones.'),
  flagged: box('Starred ones.'),
  trashed: box('In the Trash.'),
  junked: box('Spam.'),
  drafts: box('With drafts.'),
  shared_label: optionalId('query', 'shared_label', 'Those with this label.'),
  team_inbox: optionalId('query', 'team', 'Inbox of a team.'),
  team_closed: optionalId('query', 'team', 'Its closed ones.'),
  team_all: optionalId('query', 'team', 'All of it.'),
};

const ADD_LABELS = 'pass add_shared_labels or remove_shared_labels.';
const ADD_ASSIGNEES = 'pass add_assignees or remove_assignees.';

const filters = {
  organization: optionalId('query', 'organization', 'Not with shared_label or a team.'),
  email: {
    ...inQuery(z.email().optional().describe('With this address in From, To, Cc or Bcc.')),
    read: addressAlone,
  },
  domain: inQuery(
    z
      .string()
      .regex(/^[^@\s]+\.[^@\s]+$/, 'must be a domain without @')
      .optional()
      .describe('With an address of this domain (without @).'),
  ),
  contact_organization: rarely(optionalId('query', 'contact_group', 'Only those with contacts of it.')),
};

export const conversations = [
  defineOperation({
    name: 'list_all_missive_conversations',
    title: 'List Missive conversations',
    description:
      'Conversations, newest first, without text. Pass exactly one of inbox … drafts (true) or shared_label, team_inbox, team_closed, team_all (an id). No search by text.',
    http: 'GET',
    path: '/conversations',
    effect: 'reads',
    method: 'list',
    tags: ['conversations'],
    parameters: { ...boxes, ...filters },
    paging: { style: 'until', field: 'last_activity_at', minLimit: 2, defaultLimit: 25, maxLimit: 50 },
    answer: { kind: 'list', key: 'conversations', item: ConversationRow },
    complete: withLabelPaths,
    present: (item, _, session) => toConversationRow(item, session),
    insteadOf: {
      ...elsewhere('pass the mailbox itself as true, such as inbox.', 'mailbox', 'folder', 'box', 'state', 'status'),
      ...elsewhere('Missive has no search by text. email and domain find by people.', 'search', 'query', 'q', 'text'),
      ...elsewhere('pass shared_label.', 'label', 'labels', 'tag', 'shared_labels'),
      ...elsewhere('pass team_inbox, team_closed or team_all.', 'team'),
    },
    check: checkFilters,
  }),
  defineOperation({
    name: 'get_single_missive_conversation_by_id',
    title: 'Get a Missive conversation',
    description:
      'One conversation: subject, organization, team, labels, and its state for each user. If it was merged, the id is another: go on with that one.',
    http: 'GET',
    path: '/conversations/:id',
    effect: 'reads',
    method: 'get',
    tags: ['conversations'],
    parameters: { id: conversationId },
    answer: { kind: 'one', key: 'conversations', as: 'conversation', item: Conversation },
    complete: withLabelPaths,
    present: (item, _, session) => toConversation(item, session),
  }),
  defineOperation({
    name: 'update_a_missive_conversation_by_id',
    title: 'Update a Missive conversation',
    description:
      'Labels, assigns, moves, closes, reopens or renames a conversation without a note (create_a_missive_post leaves one). Labels can set off rules of the team.',
    http: 'PATCH',
    path: '/conversations/:id',
    effect: 'writes',
    method: 'update',
    tags: ['conversations'],
    idempotent: true,
    parameters: {
      id: conversationId,
      subject: inBody(clears(z.string()).optional().describe('New title in Missive.')),
      color: rarely(inBody(Color.optional())),
      reopen: inBody(z.literal(true).optional().describe('Opens a closed conversation again.')),
      ...stateActions,
    },
    envelope: { key: 'conversations', as: 'array', withId: 'id' },
    insteadOf: {
      ...elsewhere(
        ADD_LABELS,
        'label',
        'labels',
        'shared_label',
        'shared_labels',
        'label_id',
        'label_ids',
        'tag',
        'tags',
      ),
      ...elsewhere('pass add_shared_labels.', 'add_label', 'add_labels', 'add_tags'),
      ...elsewhere('pass remove_shared_labels.', 'remove_label', 'remove_labels', 'remove_tags'),
      ...elsewhere(ADD_ASSIGNEES, 'assignee', 'assignees', 'assignee_id', 'assignee_ids', 'assign', 'assign_to'),
      ...elsewhere('pass close or reopen, as true.', 'closed', 'status', 'state', 'resolved'),
      ...elsewhere(
        'Missive’s API cannot do that. close closes for everyone.',
        'archive',
        'archived',
        'snooze',
        'trash',
      ),
      ...elsewhere('pass id, and the changes beside it.', 'conversations', 'conversation_ids'),
      ...elsewhere('create_a_missive_post leaves a note.', 'note', 'comment', 'post'),
    },
    answer: { kind: 'one', key: 'conversations', as: 'conversation', item: Conversation },
    complete: withLabelPaths,
    present: (item, _, session) => toConversation(item, session),
    notFound:
      'Missive does not know the conversation (list_all_missive_conversations), a label (list_all_missive_shared_labels), a user or a team here, or this person cannot see it. If all ids are right, create_a_missive_post changes the same and leaves a note.',
    check({ id: _, ...changes }) {
      checkActions(changes);
      const { organization: __, ...rest } = changes;
      requireChange(rest, ' close and reopen are true or left out.');
      if (changes.close && changes.reopen) throw new ToolError('Pass close or reopen, not both.');
    },
  }),
  defineOperation({
    name: 'merge_a_missive_conversation_by_id',
    title: 'Merge two Missive conversations',
    description:
      'Puts everything of one conversation into another, for good: there is no way back. Go on with the id in the result; Missive may keep either of the two.',
    http: 'POST',
    path: '/conversations/:id/merge',
    effect: 'destroys',
    method: 'update',
    tags: ['conversations'],
    parameters: {
      id: pathId('conversation', 'The one that is put into the other.'),
      target: requiredId('body', 'conversation', 'The one that receives it.'),
      subject: inBody(z.string().optional().describe('Title of the merged conversation.')),
    },
    answer: { kind: 'one', key: 'conversations', as: 'conversation', item: Conversation },
    complete: withLabelPaths,
    present: (item, _, session) => toConversation(item, session),
    check({ id, target }) {
      if (id.toLowerCase() === target.toLowerCase()) throw new ToolError('id and target are the same conversation.');
    },
  }),
];

/** Of `Jane Doe <jane@example.com>`, as answers name people. */
function addressAlone(value: unknown): unknown {
  return typeof value === 'string' ? (/<([^<>]+)>\s*$/.exec(value)?.[1] ?? value).trim() : value;
}

/** @throws {ToolError} for filters that Missive would refuse or interpret otherwise */
function checkFilters(args: Readonly<Record<string, unknown>>): void {
  const chosen = Object.keys(boxes).filter((name) => args[name] !== undefined);
  const people = ['email', 'domain', 'contact_organization'].filter((name) => args[name] !== undefined);
  if (chosen.length !== 1) {
    const beside = people.length > 0 ? ` beside ${people.join(' and ')}, such as all: true` : '';
    throw new ToolError(
      chosen.length === 0
        ? `The list needs a mailbox filter${beside}: ${MAILBOXES}`
        : `Pass one mailbox filter only; there are ${chosen.join(' and ')}.`,
    );
  }
  if (people.length > 1) throw new ToolError(`${people.join(' and ')} exclude each other: pass one of them.`);
  const [only = ''] = chosen;
  if (args.organization !== undefined && /^(shared_label|team_)/.test(only)) {
    throw new ToolError(
      `organization has no use with ${only}, which belongs to one organization already: leave it out.`,
    );
  }
}

const MAILBOXES =
  'inbox, all, assigned, closed, snoozed, flagged, trashed, junked or drafts (true), or shared_label (list_all_missive_shared_labels), team_inbox, team_closed or team_all (list_all_missive_teams).';
