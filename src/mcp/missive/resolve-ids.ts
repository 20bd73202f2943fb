/** Reads ids as models send them: with blanks, as links of Missive, or as the name of a thing, which is looked up. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { personText } from '../person-text.ts';
import type { Rights } from '../tool.ts';
import { rowsNamed, separateNames } from './arguments/thing-names.ts';
import { idIn, isId, quoted } from './arguments/thing-texts.ts';
import type { MissiveSession } from './missive-session.ts';
import type { Parameters } from './operation.ts';
import { kindOf, type Thing, type ThingKind } from './thing.ts';
import type { CallSession, ThingRow as Row, ThingLists } from './thing-lists.ts';

type Args = Record<string, unknown>;

/** More names than these are not listed in an error. */
const MAX_NAMES = 12;

/** The arguments with ids in the place of names and links, and the ids that were looked up, by parameter. */
export interface Resolved {
  args: Args;
  idsUsed: Record<string, string>;
}

/**
 * @throws {ToolError} if an id is none and its kind has no names, nothing or several things have the name, or a thing that must be named is not
 */
export async function resolveIds(
  parameters: Parameters,
  given: Args,
  session: Pick<CallSession, 'api' | 'lists'>,
  rights: Pick<Rights, 'allows'>,
): Promise<Resolved> {
  // What is no id at all is refused before the first request.
  const named = Object.entries(parameters).flatMap(([name, { thing }]) =>
    thing === undefined ? [] : [readParameter(name, thing, given[name])],
  );
  const call: Call = { lists: session.lists, rights, args: { ...given }, idsUsed: {} };
  // The organization limits where names of other things are looked up.
  const isOrganization = ({ thing }: Named) => thing === 'organization';
  for (const each of [...named.filter(isOrganization), ...named.filter((one) => !isOrganization(one))]) {
    const ids: string[] = [];
    for (const text of each.texts) ids.push(...(await idsOf({ ...each, text }, call)));
    if (ids.length > 0) call.args[each.name] = each.isList ? [...new Set(ids)] : ids[0];
  }
  for (const [name, { thing, orOnly }] of Object.entries(parameters)) {
    if (thing === undefined || call.args[name] !== undefined || orOnly?.(call.args) !== true) continue;
    const known = thing === 'organization' ? await organizationOf(parameters, call, session) : undefined;
    call.args[name] = known ?? (await findOnly({ name, thing }, parameters, call));
    call.idsUsed[name] = String(call.args[name]);
  }
  return { args: call.args, idsUsed: call.idsUsed };
}

interface Call {
  lists: ThingLists;
  rights: Pick<Rights, 'allows'>;
  args: Args;
  idsUsed: Record<string, string>;
}

/** The organization of a label or another thing that the call names, or of its conversation. */
async function organizationOf(
  parameters: Parameters,
  { lists, args }: Call,
  { api }: Pick<MissiveSession, 'api'>,
): Promise<string | undefined> {
  const seen = lists.organizationSeen();
  if (seen !== undefined) return seen;
  const conversation = Object.entries(parameters).find(([, { thing }]) => thing === 'conversation')?.[0];
  const id = conversation === undefined ? undefined : args[conversation];
  if (typeof id !== 'string') return undefined;
  const content = await api.request({ http: 'GET', path: `/conversations/${encodeURIComponent(id)}` });
  return ConversationAnswer.safeParse(content).data?.conversations.flat()[0]?.organization?.id;
}

const OF_ORGANIZATIONS: readonly Thing[] = ['team', 'shared_label'];

async function organizationOfIds(parameters: Parameters, { lists, args }: Call): Promise<string | undefined> {
  for (const [name, { thing }] of Object.entries(parameters)) {
    if (thing === undefined || !OF_ORGANIZATIONS.includes(thing) || args[name] === undefined) continue;
    const ids = [args[name]].flat();
    const row = (await lists.rows(thing)).find(({ id }) => ids.includes(id));
    if (typeof row?.organization === 'string') return row.organization;
  }
  return undefined;
}

const OrganizationOf = z.object({ organization: z.object({ id: z.string() }).nullish() });
const ConversationAnswer = z.object({
  conversations: z.union([z.array(OrganizationOf), OrganizationOf.transform((one) => [one])]),
});

interface Named {
  name: string;
  thing: Thing;
  texts: string[];
  isList: boolean;
}

/** @throws {ToolError} if the value is no id, and things of the kind are not found by a name */
function readParameter(name: string, thing: Thing, value: unknown): Named {
  const texts = (Array.isArray(value) ? value : [value]).flatMap((each) => (typeof each === 'string' ? [each] : []));
  const isList = Array.isArray(value);
  return { name, thing, isList, texts: texts.map((text) => idIn(name, thing, text) ?? text.trim()) };
}

/** A list may have several names in one text, unless the whole text is a name. */
async function idsOf({ isList, ...named }: OneNamed & { isList: boolean }, call: Call): Promise<string[]> {
  const { name, thing, text } = named;
  if (isId(text)) return [text];
  const names = isList ? separateNames(text) : [];
  const isOne = names.length < 2 || rowsNamed(await call.lists.rows(thing), text, thing).length > 0;
  const ids: string[] = [];
  for (const each of isOne ? [text] : names)
    ids.push(idIn(name, thing, each) ?? (await findByName({ ...named, text: each }, call)));
  return ids;
}

interface OneNamed {
  name: string;
  thing: Thing;
  text: string;
}

/** @returns the id of the only thing with this name */
async function findByName({ name, thing, text }: OneNamed, call: Call): Promise<string> {
  const kind = kindOf(thing);
  const { organization } = call.args;
  const rows = (await call.lists.rows(thing)).filter(
    (row) => typeof row.organization !== 'string' || organization === undefined || row.organization === organization,
  );
  const [row, ...others] = rowsNamed(rows, text, thing);
  if (row === undefined) {
    const known = mayList(kind, call) && rows.length > 0 ? `. There are: ${namesOf(rows, kind)}` : `: ${kind.foundBy}`;
    throw new ToolError(`There is no ${kind.one} named ${quoted(text)}, which ${name} names${known}.`);
  }
  if (others.length > 0) {
    const all = [row, ...others].slice(0, MAX_NAMES).map(({ id, ...fields }) => `${id} (${nameOf(fields, kind)})`);
    throw new ToolError(
      `${quoted(text)} is the name of ${others.length + 1}, and ${name} takes the id of one: ${all.join(', ')}.`,
    );
  }
  call.lists.see(row);
  call.idsUsed[name] = call.idsUsed[name] === undefined ? row.id : `${call.idsUsed[name]}, ${row.id}`;
  return row.id;
}

/** @returns the id of the only thing of this kind; of several organizations, that of a team or label in the call */
async function findOnly(
  { name, thing }: { name: string; thing: Thing },
  parameters: Parameters,
  call: Call,
): Promise<string> {
  const kind = kindOf(thing);
  const rows = await call.lists.rows(thing);
  const [row] = rows;
  if (row !== undefined && rows.length === 1) return row.id;
  const known = thing === 'organization' ? await organizationOfIds(parameters, call) : undefined;
  if (known !== undefined) return known;
  const all = row !== undefined && mayList(kind, call) ? `; there are ${rows.length}: ${namesOf(rows, kind)}` : '';
  throw new ToolError(`${name} is missing: ${kind.foundBy}${all}.`);
}

const mayList = ({ list }: ThingKind, { rights }: Call): boolean =>
  list !== undefined && rights.allows({ tool: `list_all_missive_${list.key}` });

function namesOf(rows: readonly Row[], kind: ThingKind): string {
  const names = rows.slice(0, MAX_NAMES).map((row) => quoted(nameOf(row, kind)));
  return [...names, ...(rows.length > MAX_NAMES ? [`${rows.length - MAX_NAMES} more`] : [])].join(', ');
}

function nameOf(row: Record<string, unknown>, { list }: ThingKind): string {
  const { name: person, email: address } = row;
  if (typeof person === 'string' && typeof address === 'string') return personText({ name: person, address });
  const name = list?.names.map((field) => row[field]).find((value) => typeof value === 'string');
  return typeof name === 'string' ? name : '';
}
