/** What a record is held to: calls, and what Missive sees of them. */

/** A request as Missive sees it. */
export interface Expected {
  method?: string;
  path: string;
  query?: Record<string, string>;
  body?: unknown;
}

export interface Row {
  good: {
    /** What the call shows, in a few words. */
    shows: string;
    args: Record<string, unknown>;
    /** In their order; `method` is GET where it is left out. */
    requests: Expected[];
    /** As much of the result as matters. */
    result: Record<string, unknown>;
  }[];
  /** Calls that are refused before Missive is asked; the sentence names the parameter, or the tool that helps. */
  bad: { what: string; args: Record<string, unknown>; says: RegExp }[];
}

export type Rows = Record<string, Row>;
