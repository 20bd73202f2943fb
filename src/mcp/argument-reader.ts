/** Reads and validates the arguments of one tool: first what they mean, then whether that is allowed. */
import type { z } from 'zod';
import { ToolError } from '../errors.ts';
import { wrongArguments } from './argument-errors.ts';
import { tolerantArguments } from './tolerant-arguments.ts';
import type { Tool } from './tool.ts';
import { wantedObject } from './wanted-arguments.ts';

type ReadArguments = { success: true; data: z.output<z.ZodObject> } | { success: false; error: ToolError };

/**
 * Unknown arguments are an error, of reading tools too: a misspelled `permanent` must not delete messages for good, and a filter that does not
 * exist must not seem to have found everything.
 */
export function createArgumentReader<Session>(tool: Tool<Session>): (args: unknown) => ReadArguments {
  const { name, effect, input, readNames = (args: unknown) => args } = tool;
  const wanted = wantedObject(input);
  const strict = input.strict();
  const isChange = effect !== 'reads';
  return (args) => {
    try {
      const parsed = strict.safeParse(tolerantArguments(readNames(args), wanted, { isChange }), { reportInput: true });
      return parsed.success ? parsed : { success: false, error: wrongArguments(name, wanted, parsed.error) };
    } catch (error) {
      if (error instanceof ToolError) return { success: false, error };
      throw error;
    }
  };
}
