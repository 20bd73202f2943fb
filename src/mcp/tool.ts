import type { z } from 'zod';
import type { Method } from '../policy.ts';

/** What a call does to the user's mail; decides annotations, scopes and policy, so no tool can forget them. */
export type Effect = 'reads' | 'writes' | 'sends' | 'destroys';

/** The areas of a mailbox that an operator can keep or drop. */
export type Tag = 'mailboxes' | 'messages' | 'drafts' | 'attachments';

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
  run(args: z.output<In>, session: Session): Promise<z.input<Out>>;
}

/** Lets the compiler check `run` against both schemas; returns its argument untouched. */
export function defineTool<Session, In extends z.ZodObject, Out extends z.ZodObject>(
  tool: Tool<Session, In, Out>,
): Tool<Session, In, Out> {
  return tool;
}
