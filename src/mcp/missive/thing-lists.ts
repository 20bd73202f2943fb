/** Reads the lists in which the things of a call are looked up by name, each once. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import type { MissiveSession } from './missive-session.ts';
import { kindOf, type Thing } from './thing.ts';

/** A list with more rows than five pages of this length is not searched for a name. */
const PAGE_ROWS = 200;
const MAX_PAGES = 5;

export interface ThingRow {
  id: string;
  [field: string]: unknown;
}

const Rows = z.array(z.looseObject({ id: z.string() }));

/** A session with the lists that its call has read. */
export interface CallSession extends MissiveSession {
  readonly lists: ThingLists;
}

/** The lists that one call has read. */
export class ThingLists {
  readonly #session: Pick<MissiveSession, 'api'>;
  readonly #lists = new Map<Thing, ThingRow[]>();
  #organization: string | undefined;

  constructor(session: Pick<MissiveSession, 'api'>) {
    this.#session = session;
  }

  async rows(thing: Thing): Promise<ThingRow[]> {
    const known = this.#lists.get(thing);
    if (known !== undefined) return known;
    const rows = await readList(thing, this.#session);
    this.#lists.set(thing, rows);
    return rows;
  }

  /** Remembers the organization of a row, which the other parameters of the call share. */
  see({ organization }: ThingRow): void {
    if (typeof organization === 'string') this.#organization = organization;
  }

  organizationSeen(): string | undefined {
    return this.#organization;
  }
}

async function readList(thing: Thing, { api }: Pick<MissiveSession, 'api'>): Promise<ThingRow[]> {
  const { list, one } = kindOf(thing);
  if (list === undefined) throw new TypeError(`A ${one} has no name`);
  const all: ThingRow[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { limit: String(PAGE_ROWS), ...(page > 0 && { offset: String(page * PAGE_ROWS) }) };
    const content = await api.request({ http: 'GET', path: list.path, query });
    const rows = z.object({ [list.key]: Rows }).safeParse(content).data?.[list.key];
    if (rows === undefined)
      throw new ToolError(`Missive did not list each ${one}, so its name could not be looked up: pass the id.`);
    all.push(...rows);
    if (rows.length < PAGE_ROWS) return all;
  }
  throw new ToolError(`There are too many to look up a ${one} by its name: pass the id.`);
}

/** The path of a label, from the top; empty if it has not even a name. */
export function labelPathOf({ name_with_parent_names: path, name }: Record<string, unknown>): string {
  return (
    [path, name]
      .find((text) => typeof text === 'string' && text.trim() !== '')
      ?.toString()
      .trim() ?? ''
  );
}
