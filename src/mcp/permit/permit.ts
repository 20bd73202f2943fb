/**
 * Decides what a connection may do: the policy decides which tools it is offered, scope and consent decide which of them it may call.
 *
 * Invariant: policy, scope and consent all have to allow a call.
 */
import { OAuthError, ToolError } from '../../errors.ts';
import { type Permit, POWERS, type Policy, type Power } from '../../policy.ts';
import type { Effect, Tag, ToolKind } from '../tool.ts';

/** The scope that a grant needs for each effect. */
export const SCOPE_OF: Readonly<Record<Effect, string>> = {
  reads: 'mail.read',
  writes: 'mail.write',
  sends: 'mail.send',
  destroys: 'mail.delete',
};

/** The power by which the account owner grants or withholds a tool. */
export function powerOf({ effect, tags }: Pick<ToolKind, 'effect' | 'tags'>): Power {
  if (effect === 'reads') return 'read';
  if (effect === 'sends') return 'send';
  if (effect === 'destroys') return 'delete';
  return tags.includes('drafts') ? 'draft' : 'organise';
}

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

/** The powers for which the policy allows at least one tool, in the order of POWERS. */
export function powersLeft(tools: readonly ToolKind[], policy: Policy): Power[] {
  const left = tools.filter((tool) => isOffered(policy, tool)).map(powerOf);
  return POWERS.filter((power) => left.includes(power));
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
  return scope.includes(SCOPE_OF[tool.effect]) && (consent.powers?.includes(powerOf(tool)) ?? true);
}

/**
 * The refusal of a call that the policy allows: the step-up challenge if a scope is missing (BEAR-04). If the token has the scope but the
 * owner has withheld the power, it is a ToolError: a challenge could not name a scope that the client lacks.
 *
 * @param needed all tools whose rights the call needs
 */
export function notGranted({ scope, consent }: Permit, needed: readonly ToolKind[]): OAuthError | ToolError {
  if (needed.every(({ effect }) => scope.includes(SCOPE_OF[effect]))) {
    const withheld = needed.filter((tool) => !isGrantedAlone({ scope, consent }, tool)).map(({ name }) => name);
    return new ToolError(
      `Nothing was done: the call does what ${withheld.join(' and ')} does, and the owner of the account has not allowed that when they signed in. They can allow it by connecting this server once more.`,
    );
  }
  const needs = new Set(needed.map(({ effect }) => SCOPE_OF[effect]));
  // Includes the scopes that are granted already: clients request exactly this value, and would lose the others.
  const wanted = Object.values(SCOPE_OF).filter((one) => needs.has(one) || scope.includes(one));
  const sentence = `This call needs the scope ${[...needs].join(' and ')}, as the owner of the mailbox grants it.`;
  return new OAuthError('insufficient_scope', sentence, { scope: wanted.join(' ') });
}
