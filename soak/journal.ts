/** Writes every call and its outcome to a file, in which the cause of a difference can be found. */
import { appendFileSync } from 'node:fs';
import type { Call } from './actor.ts';

/** @param file to which one line of JSON is added for each call; undefined: none */
export function recorded(call: Call, person: number, file: string | undefined): Call {
  if (file === undefined) return call;
  return async (tool, args) => {
    const begun = Date.now();
    const record = (outcome: object) => {
      const line = { person, at: new Date(begun).toISOString(), ms: Date.now() - begun, tool, args, ...outcome };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    };
    try {
      const result = await call(tool, args);
      record({ result });
      return result;
    } catch (error) {
      record({ error: String(error), ...(error instanceof Error && { ...error, cause: String(error.cause) }) });
      throw error;
    }
  };
}
