/**
 * Decides what a connection may do: the policy decides which tools it is offered, scope and consent decide which of them it may call.
 *
 * Invariant: policy, scope and consent all have to allow a call.
 */
import { OAuthError, ToolError } from '../../errors.ts';
import { hasPower, type Permit, type Policy, type Power, SHOWN_POWERS } from '../../policy.ts';
import type { Effect, Tag, ToolKind } from '../tool.ts';

/** The scope that a grant needs for each effect. */
export const SCOPE_OF: Readonly<Record<Effect, string>> = {
  reads: 'mail.read',
  writes: 'mail.write',
  sends: 'mail.send',
  destroys: 'mail.delete',
};

/** The least power with which a tool can be called. */
export function powerOf({ effect, tags, isUndoable }: Pick<ToolKind, 'effect' | 'tags' | 'isUndoable'>): Power {
  if (effect === 'reads') return 'read';
  if (effect === 'sends') return 'send';
  if (effect === 'destroys') return isUndoable ? 'trash' : 'delete';
  return tags.includes('drafts') ? 'draft' : 'organise';
}

/** The powers that belong to a tool: the least one, and what allows more of it. */
export const powersOfTool = (tool: Pick<ToolKind, 'effect' | 'tags' | 'isUndoable'>): Power[] =>
  tool.isUndoable ? [powerOf(tool), 'delete'] : [powerOf(tool)];

/** The tool, and those whose rights every call of it needs. */
export const withNeeds = (tool: ToolKind): readonly ToolKind[] => [tool, ...(tool.needs ?? [])];

/** True if the policy allows the tool and what it needs. Otherwise no consent can allow it. */
export function isOffered(policy: Policy, tool: ToolKind): boolean {
  return withNeeds(tool).every((each) => isOfferedAlone(policy, each));
}

function isOfferedAlone({ methods, tags, tools }: Policy, tool: ToolKind): boolean {
  return (
    (methods === undefined || methods.includes(tool.method)) &&
    (tags === undefined || tool.tags.some((tag) => tags.includes(tag))) &&
    (tools === undefined || tools.includes(tool.name))
  );
}

/** True if the tool is in the list where it is offered. An operator who names its tag or itself wants it there. */
export function isListed({ tags, tools }: Policy, tool: ToolKind): boolean {
  if (tool.isUnlisted !== true) return true;
  return tools?.includes(tool.name) === true || tool.tags.some((tag) => tags?.includes(tag) === true);
}

/** True if the policy and the owner allow the tool: at most a scope is missing, which the owner could grant. */
export function isAllowed({ policy, consent }: Pick<Permit, 'policy' | 'consent'>, tool: ToolKind): boolean {
  return isOffered(policy, tool) && withNeeds(tool).every((each) => hasPower(consent.powers, powerOf(each)));
}

/** The powers for which the policy allows at least one tool, in the order in which they are shown. */
export function powersLeft(tools: readonly ToolKind[], policy: Policy): Power[] {
  const left = tools.filter((tool) => isOffered(policy, tool)).flatMap(powersOfTool);
  return SHOWN_POWERS.filter((power) => left.includes(power));
}

/** True if the policy allows the tag. A tool with several tags is offered if one is allowed, without the functions of the others. */
export function isTagOffered({ tags }: Policy, tag: Tag): boolean {
  return tags === undefined || tags.includes(tag);
}

/** True if the token has the scopes for the tool and what it needs, and the account owner has granted the powers. */
export function isGranted(granted: Pick<Permit, 'scope' | 'consent'>, tool: ToolKind): boolean {
  return withNeeds(tool).every((each) => isGrantedAlone(granted, each));
}

function isGrantedAlone({ scope, consent }: Pick<Permit, 'scope' | 'consent'>, tool: ToolKind): boolean {
  return scope.includes(SCOPE_OF[tool.effect]) && hasPower(consent.powers, powerOf(tool));
}

const ONLY_TO_TRASH =
  'Nothing was done: the owner of the account has allowed moving messages to the trash, and not deleting them for good. Call delete_mail_message with permanent: false, or let them connect this server once more.';

/** The refusal of a call for want of permission. Its sentence names the tool that is not allowed. */
export class PermissionError extends ToolError {}

/**
 * The refusal of a call that the policy allows: the step-up challenge if a scope is missing (BEAR-04). If the token has the scope but the
 * owner has withheld the power, it is a PermissionError: a challenge could not name a scope that the client lacks.
 *
 * @param needed all tools whose rights the call needs
 */
export function notGranted({ scope, consent }: Permit, needed: readonly ToolKind[]): OAuthError | PermissionError {
  if (needed.every(({ effect }) => scope.includes(SCOPE_OF[effect]))) {
    const withheld = needed.filter((tool) => !isGrantedAlone({ scope, consent }, tool));
    const names = [...new Set(withheld.map(({ name }) => name))];
    const isTrashLeft = hasPower(consent.powers, 'trash') && withheld.every(({ isUndoable }) => isUndoable === false);
    if (isTrashLeft) return new PermissionError(ONLY_TO_TRASH);
    return new PermissionError(
      `Nothing was done: the call does what ${names.join(' and ')} does, and the owner of the account has not allowed that when they signed in. They can allow it by connecting this server once more.`,
    );
  }
  const needs = new Set(needed.map(({ effect }) => SCOPE_OF[effect]));
  // Includes the scopes that are granted already: clients request exactly this value, and would lose the others.
  const wanted = Object.values(SCOPE_OF).filter((one) => needs.has(one) || scope.includes(one));
  const sentence = `This call needs the scope ${[...needs].join(' and ')}, as the owner of the account grants it.`;
  return new OAuthError('insufficient_scope', sentence, { scope: wanted.join(' ') });
}
