/** Declares what differs between the demos: the service in memory, the credentials, and the tool calls. */
import type { Client } from '@modelcontextprotocol/client';
import type { FormFields } from '../test/support/app/person.ts';

/** Prints one step: the request of a user, and the result of the tool calls that an assistant makes for it. */
export type PrintStep = (request: string, result: string) => void;

export interface Scenario {
  /** The service that was started, and its addresses. */
  service: { title: string; lines: readonly string[] };
  /** Flags of `mail-mcp generate` for the servers. */
  flags: readonly string[];
  /** The values of the sign-in page. */
  login: FormFields;
  /** The credentials, for signing in by hand. */
  credentialsText: string;
  /** @throws if a tool reports an error, or its result does not match its schema */
  showTools(client: Client, printStep: PrintStep): Promise<void>;
  close(): Promise<void>;
}
