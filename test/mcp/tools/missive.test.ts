/** Checks the rules for all Missive tools. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toListing } from '../../../src/mcp/tool-listing.ts';
import { missiveOperations, missiveTools } from '../../../src/mcp/tools/missive.ts';

/** Each tool as it is published alone: a list repeats no description. */
const listings = missiveTools.map(toListing);

const Schema = z.object({ properties: z.record(z.string(), z.object({ type: z.string() })) });

/** HTTP method, possible effects and method of a tool, by the pattern of its name. */
const EFFECTS: [prefix: RegExp, http: string, effects: string[], method: string][] = [
  [/^list_all_missive_/, 'GET', ['reads'], 'list'],
  [/^get_single_missive_\w+_by_id$/, 'GET', ['reads'], 'get'],
  [/^get_missive_conversation_timeline$/, 'GET', ['reads'], 'get'],
  [/^create_a_missive_/, 'POST', ['writes', 'sends'], 'create'],
  [/^update_a_missive_\w+_by_id$/, 'PATCH', ['writes'], 'update'],
  [/^merge_a_missive_\w+_by_id$/, 'POST', ['destroys'], 'update'],
  [/^delete_a_missive_\w+_by_id$/, 'DELETE', ['destroys'], 'delete'],
  [/^send_a_missive_message$/, 'POST', ['sends'], 'send'],
];

test('no two tools have one name', () => {
  expect(new Set(listings.map(({ name }) => name)).size).toBe(listings.length);
});

test('the list of all tools is smaller than 120 KB', () => {
  expect(Buffer.byteLength(JSON.stringify(listings))).toBeLessThan(120_000);
});

test('every file of the folder declares one list of operations, and nothing else', async () => {
  const folder = new URL('../../../src/mcp/tools/missive/', import.meta.url);
  const files = readdirSync(folder);
  const lists: unknown[] = [];
  for (const file of files) {
    const exported = Object.values(await import(new URL(file, folder).href));
    expect(exported, file).toHaveLength(1);
    lists.push(...exported);
  }
  expect(new Set(lists.flat())).toEqual(new Set(missiveOperations));
});

test.each(['send_at', 'delivered_at', 'due_at', 'due_at_gteq', 'modified_since', 'start'])(
  'a time is published as a text, since hosts make numbers of what is published as a number: %s',
  (parameter) => {
    const published = listings.flatMap(({ inputSchema }) => Schema.parse(inputSchema).properties[parameter] ?? []);
    expect(published.length).toBeGreaterThan(0);
    expect(new Set(published.map(({ type }) => type))).toEqual(new Set(['string']));
  },
);

describe.each(listings.map((listing) => [listing.name, listing] as const))('%s', (name, listing) => {
  const operation = missiveOperations.find((each) => each.name === name);
  const [tag] = operation?.tags ?? [];

  test('its name is valid for every client (MCP-17)', () => {
    expect(name).toMatch(/^[a-z_]{1,64}$/);
  });

  test('its title and description are sentences of a reasonable length', () => {
    expect(listing.title).toMatch(/^[A-Z][A-Za-z -]+$/);
    expect(listing.description).toMatch(/^[A-Z`][\s\S]*\.$/);
    expect(operation?.description.length).toBeGreaterThan(25);
    expect(operation?.description.length).toBeLessThan(200);
  });

  test('its verb, its HTTP method, its effect and its method agree', () => {
    const rule = EFFECTS.find(([prefix]) => prefix.test(name));
    expect(rule).toBeDefined();
    expect(operation?.http).toBe(rule?.[1]);
    expect(rule?.[2]).toContain(operation?.effect);
    expect(operation?.method).toBe(rule?.[3]);
  });

  test('its hints follow from its effect (MCP-17)', () => {
    expect(listing.annotations).toMatchObject({
      readOnlyHint: operation?.effect === 'reads',
      destructiveHint: operation?.effect === 'destroys',
      openWorldHint:
        operation?.effect === 'sends' || (operation?.effect === 'reads' && operation.tags.includes('conversations')),
    });
  });

  test('every parameter is described, and none is sent as a header (MCP-16)', () => {
    const { properties } = z
      .object({ properties: z.record(z.string(), z.object({ description: z.string().min(4) })) })
      .parse(listing.inputSchema);
    expect(Object.keys(properties).length).toBeGreaterThan(0);
    expect(JSON.stringify(properties)).not.toContain('x-mcp-header');
  });

  test('every parameter of its path is required', () => {
    const { required = [] } = z.object({ required: z.array(z.string()).optional() }).parse(listing.inputSchema);
    const inPath = Object.entries(operation?.parameters ?? {}).filter(([, parameter]) => parameter.in === 'path');
    const wanted = [...(operation?.path.matchAll(/:(\w+)/g) ?? [])].map(([, wire]) => wire);
    expect(inPath.map(([own, { wire = own }]) => wire)).toEqual(wanted);
    for (const [own] of inPath) expect(required).toContain(own);
  });

  test('its listing is unchanged', async () => {
    await expect(`${JSON.stringify(listing, null, 2)}\n`).toMatchFileSnapshot(
      `../snapshots/missive/${tag}/${name}.json`,
    );
  });
});
