/** Declares what differs between the demos: the service in memory, the credentials, and the tool calls. */
import type { FormFields } from '../test/support/app/person.ts';
import type { Stage } from './stage.ts';

/** Prints one step: the request of a user, and the result of the tool calls that an assistant makes for it. */
export type PrintStep = (request: string, result: string) => void;

export interface Tour {
  stage: Stage;
  /** Stops the server, and starts another one with the same key; the client stays signed in. */
  restart(): Promise<{ isSameToken: boolean }>;
}

export interface Scenario {
  /** What runs. */
  title: string;
  /** Flags of `mail-mcp generate` for the servers and the limits. */
  flags: readonly string[];
  /** The values of the sign-in page. */
  login: FormFields;
  /** The same, in the order of the questions of `mail-mcp token`. */
  answers: readonly string[];
  /** The credentials, for signing in by hand. */
  credentialsText: string;
  /** A call that reads, to try the connection. */
  example: { tool: string; args: Readonly<Record<string, string>> };
  /** @throws if a tool reports an error, its answer does not match its schema, or a claim does not hold */
  show(tour: Tour): Promise<void>;
  close(): Promise<void>;
}
