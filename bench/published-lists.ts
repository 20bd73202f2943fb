/** Goal 8: what the published lists of tools cost a model in every conversation. */
import { createCatalog } from '../src/mcp/catalog.ts';
import type { ToolListing } from '../src/mcp/tool-listing.ts';
import { mailTools } from '../src/mcp/tools/mail.ts';
import { missiveTools } from '../src/mcp/tools/missive.ts';
import { UNLIMITED } from '../src/policy.ts';
import { plainRow, type Row } from './row.ts';

/** Tokens of name, description and input schema, which hosts pass on to the model. */
export const MAX_LIST_TOKENS = { mail: 3_000, missive: 15_000 };

/** An estimate: four characters are about one token. */
export function tokensOf(listings: readonly ToolListing[]): number {
  const read = listings.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  return JSON.stringify(read).length / 4;
}

export function publishedLists(): Row[] {
  const lists = {
    mail: createCatalog(mailTools).list(UNLIMITED),
    missive: createCatalog(missiveTools).list(UNLIMITED),
  };
  return (['mail', 'missive'] as const).map((service) => {
    const row = { item: 8, name: `published list of ${service}`, unit: 'tokens', ours: tokensOf(lists[service]) };
    return plainRow(row, MAX_LIST_TOKENS[service]);
  });
}
