import type { z } from 'zod';
import type { Method } from '../policy.ts';

/** What a call does to the user's mail; decides annotations, scopes and policy, so no tool can forget them. */
export type Effect = 'reads' | 'writes' | 'sends' | 'destroys';

/** The areas of a mailbox that an operator can keep or drop. */
export const TAGS = ['mailboxes', 'messages', 'drafts', 'attachments'] as const;

/** The same of Missive. */
export const MISSIVE_TAGS = [
  'directory',
  'contacts',
  'conversations',
  'drafts',
  'posts',
  'tasks',
  'labels',
  'responses',
  'webhooks',
  'analytics',
] as const;
export type MissiveTag = (typeof MISSIVE_TAGS)[number];

export type Tag = (typeof TAGS)[number] | MissiveTag;

/** What a call does on top of what its tool does: the work of another tool, and an area it touches by that. */
export interface Use {
  tool: string;
  tag?: Tag;
}

/** What this call may do, for tools that learn only while they run what it amounts to. */
export interface Rights {
  allows(use: Use): boolean;
  /**
   * All at once, so that a challenge names all that is missing (BEAR-04).
   *
   * @throws {ToolError} if the operator does not allow it, or the owner has kept it back within a scope that is granted
   * @throws {OAuthError} `insufficient_scope` if a scope is missing that the owner could grant
   */
  require(uses: readonly Use[]): void;
}

/** One operation on a mailbox, offered to a model. `run` is checked against both schemas. */
export interface Tool<Session, In extends z.ZodObject = z.ZodObject, Out extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  /** For the model: what it does, when to prefer another tool, what it costs. */
  description: string;
  effect: Effect;
  method: Method;
  /** True if the same call again changes nothing more. Reading always is. */
  idempotent?: boolean;
  tags: readonly Tag[];
  input: In;
  output: Out;
  /** What a call with these arguments also does. It is refused unless all of that is allowed. */
  alsoDoes?(args: z.output<In>): readonly Use[];
  run(args: z.output<In>, session: Session, rights: Rights): Promise<z.input<Out>>;
}

/** Lets the compiler check `run` against both schemas; returns its argument untouched. */
export function defineTool<Session, In extends z.ZodObject, Out extends z.ZodObject>(
  tool: Tool<Session, In, Out>,
): Tool<Session, In, Out> {
  return tool;
}
