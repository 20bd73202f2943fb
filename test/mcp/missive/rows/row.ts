/** A row of the test of records: calls of one tool, and the requests that Missive must receive for them. */

/** A request as Missive receives it. */
export interface Expected {
  method?: string;
  path: string;
  query?: Record<string, string>;
  body?: unknown;
}

export interface Row {
  good: {
    /** The rule that the call shows, in a few words. */
    shows: string;
    args: Record<string, unknown>;
    /** In their order; `method` is GET by default. A matcher: requests that are made together. */
    requests: Expected[] | { asymmetricMatch(other: unknown): boolean };
    /** The part of the result that is compared. */
    result: Record<string, unknown>;
  }[];
  /**
   * Calls that are refused without a request; the sentence names the parameter, or the tool that finds its value. `looksUp`: names are looked up
   * first.
   */
  bad: { what: string; args: Record<string, unknown>; says: RegExp; looksUp?: true }[];
}

export type Rows = Record<string, Row>;

/** Read for the paths of labels, if a row has one. */
export const LABELS: Expected = { path: '/shared_labels', query: { limit: '200' } };
