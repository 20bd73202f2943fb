/** What a permit allows of the tools: the operator decides which there are, scope and consent which of them may be called. */
import { OAuthError, ToolError } from '../../errors.ts';
import type { Permit, Policy, Power } from '../../policy.ts';
import type { Effect, Tag, Tool } from '../tool.ts';

/** The scope that a grant needs for each effect. */
export const SCOPE_OF: Readonly<Record<Effect, string>> = {
  reads: 'mail.read',
  writes: 'mail.write',
  sends: 'mail.send',
  destroys: 'mail.delete',
};

/** As much of a tool as a policy speaks of. */
export type ToolKind = Pick<Tool<never>, 'name' | 'effect' | 'method' | 'tags'>;

/** What the owner of the mailbox grants or keeps back when they decide about a tool. */
export function powerOf({ effect, tags }: Pick<ToolKind, 'effect' | 'tags'>): Power {
  if (effect === 'reads') return 'read';
  if (effect === 'sends') return 'send';
  if (effect === 'destroys') return 'delete';
  return tags.includes('drafts') ? 'draft' : 'organise';
}

/** True if the operator lets there be such a tool. Otherwise no consent can bring it back. */
export function isOffered({ methods, tags, tools }: Policy, tool: ToolKind): boolean {
  return (
    (methods === undefined || methods.includes(tool.method)) &&
    (tags === undefined || tool.tags.some((tag) => tags.includes(tag))) &&
    (tools === undefined || tools.includes(tool.name))
  );
}

/** True if the operator keeps this area; a tool of several areas goes on without the one that was dropped. */
export function isTagOffered({ tags }: Policy, tag: Tag): boolean {
  return tags === undefined || tags.includes(tag);
}

/** True if the token has the scope, and the owner has left the power. */
export function isGranted({ scope, consent }: Pick<Permit, 'scope' | 'consent'>, tool: ToolKind): boolean {
  return scope.includes(SCOPE_OF[tool.effect]) && (consent.powers?.includes(powerOf(tool)) ?? true);
}

/**
 * The refusal of a call that only lacks consent: the step-up challenge where a scope is missing (BEAR-04). Where the scope is there and the
 * owner has kept back a part of what it stands for, a challenge could name nothing that clients do not have: they would refresh, in vain.
 *
 * @param needed what the call does, of all tools whose work it amounts to
 */
export function notGranted({ scope, consent }: Permit, needed: readonly ToolKind[]): OAuthError | ToolError {
  if (needed.every(({ effect }) => scope.includes(SCOPE_OF[effect]))) {
    const keptBack = needed.filter((tool) => !isGranted({ scope, consent }, tool)).map(({ name }) => name);
    return new ToolError(
      `Nothing was done: the call does what ${keptBack.join(' and ')} does, and the owner of the account has not allowed that when they signed in. They can allow it by connecting this server once more.`,
    );
  }
  const needs = new Set(needed.map(({ effect }) => SCOPE_OF[effect]));
  // With what is granted already: clients ask for exactly this, and would lose the rest.
  const wanted = Object.values(SCOPE_OF).filter((one) => needs.has(one) || scope.includes(one));
  const sentence = `This call needs the scope ${[...needs].join(' and ')}, as the owner of the mailbox grants it.`;
  return new OAuthError('insufficient_scope', sentence, { scope: wanted.join(' ') });
}
