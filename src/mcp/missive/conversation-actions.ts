/** Parameters that change a conversation, alone or together with a new post, draft or message in it, and the rules for them. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { GivenName } from '../outgoing.ts';
import { narrows } from '../parameter-meanings.ts';
import type { Use } from '../tool.ts';
import { Color, Id } from './fields.ts';
import { inBody } from './operation.ts';

const users = (what: string) =>
  z.array(Id).optional().describe(`${what} Ids from list_all_missive_users; needs organization.`);
const sharedLabels = (what: string) =>
  z.array(Id).optional().describe(`${what} Ids from list_all_missive_shared_labels; needs organization.`);
const yes = (what: string) => z.literal(true).optional().describe(what);

/** Changes of a conversation's state. */
export const stateActions = {
  organization: inBody(
    Id.optional().describe(
      'Id of the organization: take it from the conversation, or from list_all_missive_organizations.',
    ),
  ),
  team: inBody(Id.optional().describe('Id of a team to link (list_all_missive_teams); kept if there is one already.')),
  force_team: inBody(yes('Replaces a team that is linked already.')),
  add_users: inBody(users('Gives them access.')),
  add_assignees: inBody(users('Assigns them, beside those who are.')),
  remove_assignees: inBody(users('Unassigns them.')),
  add_shared_labels: inBody(sharedLabels('Puts labels on it.')),
  remove_shared_labels: inBody(sharedLabels('Takes labels off it.')),
  add_to_inbox: inBody(yes('Moves it to the Inbox of everyone with access.')),
  add_to_team_inbox: inBody(yes('Moves it to the Inbox of the team; needs team.')),
  close: inBody(yes('Closes it for everyone with access.')),
};

/** The conversation that receives something new: an existing one, or one that is created. */
export const placeActions = {
  conversation: inBody(
    narrows(Id)
      .optional()
      .describe(
        'Id of the conversation to put it into (list_all_missive_conversations). Left out, and no references: a new one.',
      ),
  ),
  references: inBody(
    z
      .array(GivenName)
      .optional()
      .describe('Message-IDs of the thread; the first that is known decides the conversation.'),
  ),
  conversation_subject: inBody(z.string().optional().describe('Title of the conversation in Missive.')),
  conversation_color: inBody(Color.optional()),
};

const NEED_ORGANIZATION = [
  'add_users',
  'add_assignees',
  'remove_assignees',
  'add_shared_labels',
  'remove_shared_labels',
] as const;

/** @throws {ToolError} for combinations that Missive would refuse or ignore */
export function checkActions(args: Readonly<Record<string, unknown>>): void {
  const given = NEED_ORGANIZATION.find((name) => args[name] !== undefined);
  if (given !== undefined && args.organization === undefined) {
    throw new ToolError(
      `${given} needs organization: take it from the conversation (get_single_missive_conversation_by_id), or from list_all_missive_organizations.`,
    );
  }
  for (const name of ['add_to_team_inbox', 'force_team'] as const) {
    if (args[name] !== undefined && args.team === undefined) {
      throw new ToolError(`${name} needs team: list_all_missive_teams finds its id.`);
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
