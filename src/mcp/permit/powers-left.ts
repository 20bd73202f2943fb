/** What an operator's policy leaves for the owner of a mailbox to grant. */
import { POWERS, type Policy, type Power } from '../../policy.ts';
import { isOffered, powerOf, type ToolKind } from './permit.ts';

/** @returns the powers for which there is a tool, in their usual order */
export function powersLeft(tools: readonly ToolKind[], policy: Policy): Power[] {
  const left = tools.filter((tool) => isOffered(policy, tool)).map(powerOf);
  return POWERS.filter((power) => left.includes(power));
}
