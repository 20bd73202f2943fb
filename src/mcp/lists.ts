/** Makes the list of tools of a connection: what it may not do is not published, and what an earlier tool says is not repeated. */
import { z } from 'zod';
import type { Permit } from '../policy.ts';
import { withoutAbsentTools } from './absent-tools.ts';
import { isAllowed, isGranted, isListed } from './permit/permit.ts';
import type { JsonObjectSchema } from './published-schema.ts';
import type { Tool, ToolKind } from './tool.ts';
import type { ToolListing } from './tool-listing.ts';

interface Entry {
  tool: ToolKind & Pick<Tool<never>, 'parameterNeeds' | 'sharesWording'>;
  listing: ToolListing;
}

interface List {
  listings: ToolListing[];
  json: string;
}

/** Lists kept, one for each set of tools that a permit lists and texts name; the oldest is dropped first. */
const MAX_KEPT_LISTS = 64;

/** @returns a function that gives the list of a permit: the same for equal permits */
export function createLists(entries: readonly Entry[]): (permit: Permit) => List {
  const all = new Set(entries.map(({ tool }) => tool.name));
  const keptLists = new Map<string, List>();
  return (permit) => {
    const known = entries.filter(({ tool }) => isAllowed(permit, tool) && isListed(permit.policy, tool));
    const listed = known.filter(({ tool }) => isGranted(permit, tool));
    const key = [listed, known].map((each) => each.map(({ tool }) => tool.name).join(' ')).join(' | ');
    const kept = keptLists.get(key);
    if (kept !== undefined) return kept;
    // A tool that needs one more scope can be named: a call of it asks the owner for the scope.
    const names = new Set(known.map(({ tool }) => tool.name));
    const listings = fittedList(listed, (name) => all.has(name) && !names.has(name));
    const list = { listings, json: JSON.stringify(listings) };
    const [oldest] = keptLists.keys();
    if (keptLists.size >= MAX_KEPT_LISTS && oldest !== undefined) keptLists.delete(oldest);
    keptLists.set(key, list);
    return list;
  };
}

/**
 * @param entries the tools that the connection lists, in their order
 * @param isAbsent true for the names of tools that it does not have
 */
function fittedList(entries: readonly Entry[], isAbsent: (name: string) => boolean): ToolListing[] {
  const said = new Set<string>();
  return entries.map(({ tool, listing }) => {
    const inputSchema = withoutParameters(listing.inputSchema, (name) => isAbsent(tool.parameterNeeds?.[name] ?? ''));
    const description = withoutAbsentTools(listing.description, isAbsent) ?? listing.description;
    const fitText = (text: string, name: string) => {
      const fitted = withoutAbsentTools(text, isAbsent);
      const key = `${name} ${fitted}`;
      if (fitted === undefined || tool.sharesWording !== true) return fitted;
      if (said.has(key)) return undefined;
      said.add(key);
      return fitted;
    };
    return { ...listing, description, inputSchema: { ...withTexts(inputSchema, fitText), type: 'object' } };
  });
}

type Schema = Record<string, unknown>;

const Members = z.record(z.string(), z.unknown());

/** @param schema of an object */
function withoutParameters(schema: JsonObjectSchema, isHidden: (name: string) => boolean): Schema {
  const shown = Object.entries(Members.parse(schema.properties ?? {})).filter(([name]) => !isHidden(name));
  return { ...schema, properties: Object.fromEntries(shown) };
}

/** @param fitText takes a description and the name of its property; undefined removes the description */
function withTexts(
  schema: Schema,
  fitText: (text: string, property: string) => string | undefined,
  property = '',
): Schema {
  const fitted = Object.entries(schema).map(([keyword, value]) => {
    if (keyword === 'description') return [keyword, fitText(String(value), property)];
    if (keyword === 'items') return [keyword, withTexts(Members.parse(value), fitText, property)];
    if (keyword !== 'properties') return [keyword, value];
    const members = Object.entries(Members.parse(value));
    const texts = members.map(([name, member]) => [name, withTexts(Members.parse(member), fitText, name)]);
    return [keyword, Object.fromEntries(texts)];
  });
  return Object.fromEntries(fitted.filter(([, value]) => value !== undefined));
}
