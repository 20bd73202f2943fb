/** Declares the type of a tool: name, effect, tags, schemas and function, from which listing, scopes and policy follow. */
import type { z } from 'zod';
import type { Method } from '../policy.ts';

/** What a call does to the account; annotations, scopes and policy follow from it. */
export type Effect = 'reads' | 'writes' | 'sends' | 'destroys';

/** Areas of a mailbox, which an operator allows or not. */
export const MAIL_TAGS = ['mailboxes', 'messages', 'drafts', 'attachments'] as const;

/** Areas of a Missive account. */
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

export type Tag = (typeof MAIL_TAGS)[number] | MissiveTag;

/** An action of a call that belongs to another tool, and the tag of its area. The call needs the permission for both. */
export interface Use {
  tool: string;
  tag?: Tag;
  /** True if it cannot be undone although the tool is `undoable`. */
  isForGood?: boolean;
}

/** Checks permissions during a call, for tools whose further uses are known only while they run. */
export interface Rights {
  allows(use: Use): boolean;
  /**
   * Checks all uses together, so that a challenge names all missing scopes (BEAR-04).
   *
   * @throws {ToolError} if the operator does not allow one, or the owner has excluded it within a granted scope
   * @throws {OAuthError} `insufficient_scope` if a scope is missing that the owner could grant
   */
  require(uses: readonly Use[]): void;
}

/** The properties of a tool that a permit depends on. */
export interface ToolKind {
  name: string;
  effect: Effect;
  method: Method;
  tags: readonly Tag[];
  /** True if a tool that destroys only moves to the trash, unless one of the uses of a call is for good. */
  isUndoable?: boolean;
  /** True if it is listed only where the sealed tags or tools of the connection name it. It can be called by its name all the same. */
  isUnlisted?: boolean;
  /** Tools whose rights every call needs too. Without them the tool is not offered. */
  needs?: readonly ToolKind[];
}

/** One operation on an account, offered to a model. The catalog checks arguments and results against both schemas. */
export interface Tool<Session, In extends z.ZodObject = z.ZodObject, Out extends z.ZodObject = z.ZodObject>
  extends ToolKind {
  title: string;
  /** Written for the model: what the tool does, when to prefer another one, what it costs. */
  description: string;
  /** True if repeating the same call changes nothing further; implied for tools that read. */
  idempotent?: boolean;
  /** The tools whose permission a parameter needs: it is published only where they are allowed. */
  parameterNeeds?: Readonly<Record<string, string>>;
  /** True if the list does not repeat what an earlier tool says of a parameter of the same name. */
  sharesWording?: boolean;
  input: In;
  output: Out;
  /** Reads the names of arguments as they were received. @throws {ToolError} for one that belongs elsewhere */
  readNames?(args: unknown): unknown;
  /** The uses of a call with these arguments. The call is refused unless all of them are allowed. */
  alsoDoes?(args: z.output<In>): readonly Use[];
  run(args: z.output<In>, session: Session, rights: Rights): Promise<z.input<Out>>;
}

/** Returns its argument; the compiler checks `run` against both schemas. */
export function defineTool<Session, In extends z.ZodObject, Out extends z.ZodObject>(
  tool: Tool<Session, In, Out>,
): Tool<Session, In, Out> {
  return tool;
}
