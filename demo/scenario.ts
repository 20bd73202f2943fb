/** What is different in each demo: a service in memory, who signs in to it, and what they ask for. */
import type { Client } from '@modelcontextprotocol/client';
import type { FormFields } from '../test/support/app/person.ts';

/** One step: what a person would ask for, and what came of the calls that an assistant would make of it. */
export type Say = (wish: string, answer: string) => void;

export interface Scenario {
  /** What was started, and where it listens. */
  service: { title: string; lines: readonly string[] };
  /** Of `mail-mcp generate`: the servers. */
  flags: readonly string[];
  /** What the person types into the sign-in form. */
  login: FormFields;
  /** For somebody who wants to sign in by hand. */
  loginWords: string;
  /** @throws if a tool reports an error or returns something else than it promises */
  tour(client: Client, say: Say): Promise<void>;
  close(): Promise<void>;
}
