/** Parameters that change a conversation, alone or together with a new post, draft or message in it, and the rules for them. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { narrows } from '../parameter-meanings.ts';
import type { Use } from '../tool.ts';
import { GivenMessageIds } from './arguments/message-ids.ts';
import { Color } from './fields.ts';
import { onlyOne, optionalId, optionalIds } from './id-parameters.ts';
import { inBody, needing, rarely } from './operation.ts';

const NEED_ORGANIZATION = [
  'add_users',
  'add_assignees',
  'remove_assignees',
  'add_shared_labels',
  'remove_shared_labels',
] as const;

const needsOrganization = (args: Readonly<Record<string, unknown>>): boolean =>
  NEED_ORGANIZATION.some((name) => args[name] !== undefined);

const yes = (what: string) => z.literal(true).optional().describe(what);

/** Changes of a conversation's state. */
export const stateActions = needing('update_a_missive_conversation_by_id', {
  organization: onlyOne(optionalId('body', 'organization', 'Of the conversation.'), needsOrganization),
  team: optionalId('body', 'team', 'Links it, if none is linked.'),
  force_team: inBody(yes('Links it anyway.')),
  add_users: optionalIds('body', 'user', 'Gives them access.'),
  add_assignees: optionalIds('body', 'user', 'Assigns them.'),
  remove_assignees: optionalIds('body', 'user', 'Unassigns them.'),
  add_shared_labels: optionalIds('body', 'shared_label', 'Puts them on. Paths work: "Support/Urgent".'),
  remove_shared_labels: optionalIds('body', 'shared_label', 'Takes them off.'),
  add_to_inbox: inBody(yes('To the Inbox of everyone with access.')),
  add_to_team_inbox: inBody(yes('To the Inbox of team.')),
  close: inBody(yes('Closes it for everyone.')),
});

/** The same beside something new: what is common is published, and update_a_missive_conversation_by_id shows the rest. */
export const actionsBeside = {
  ...stateActions,
  organization: rarely(stateActions.organization),
  team: rarely(stateActions.team),
  force_team: rarely(stateActions.force_team),
  add_users: rarely(stateActions.add_users),
  remove_assignees: rarely(stateActions.remove_assignees),
  remove_shared_labels: rarely(stateActions.remove_shared_labels),
  add_to_inbox: rarely(stateActions.add_to_inbox),
  add_to_team_inbox: rarely(stateActions.add_to_team_inbox),
};

/** The conversation that receives something new: an existing one, or one that is created. */
export const placeActions = {
  conversation: optionalId('body', 'conversation', 'Left out, and no references: a new one.', narrows),
  references: rarely(inBody(GivenMessageIds.optional().describe('Message-IDs of its thread.'))),
  conversation_subject: rarely(inBody(z.string().optional().describe('Title of the conversation in Missive.'))),
  conversation_color: rarely(inBody(Color.optional())),
};

/** @throws {ToolError} for combinations that Missive would refuse or ignore */
export function checkActions(args: Readonly<Record<string, unknown>>): void {
  for (const name of ['add_to_team_inbox', 'force_team'] as const) {
    if (args[name] !== undefined && args.team === undefined) {
      throw new ToolError(`${name} needs team: list_all_missive_teams finds it.`);
    }
  }
}

const CHANGES = Object.keys(stateActions).filter((name) => name !== 'organization');

/** The uses of a call that adds something to a conversation: if it also changes the conversation, it uses the tool that does so alone. */
export function conversationUses(args: Readonly<Record<string, unknown>>): readonly Use[] {
  const isExisting = args.conversation !== undefined || args.references !== undefined;
  const names = isExisting ? [...CHANGES, 'conversation_subject', 'conversation_color'] : CHANGES;
  const isChange = args.reopen === true || names.some((name) => args[name] !== undefined);
  return isChange ? [{ tool: 'update_a_missive_conversation_by_id' }] : [];
}
