/** Goal 8: what the published lists of tools cost a model in every conversation. */
import { createCatalog } from '../src/mcp/catalog.ts';
import { MISSIVE_TAGS } from '../src/mcp/tool.ts';
import type { ToolListing } from '../src/mcp/tool-listing.ts';
import { mailTools } from '../src/mcp/tools/mail.ts';
import { missiveTools } from '../src/mcp/tools/missive.ts';
import { UNLIMITED } from '../src/policy.ts';
import { plainRow, type Row } from './row.ts';

/** The policy with which Missive lists what is unlisted otherwise. */
const ALL_OF_MISSIVE = { tags: [...MISSIVE_TAGS] };

const missive = createCatalog(missiveTools);

/** Each list, and the most tokens of name, description and input schema, which hosts pass on to the model. */
export const PUBLISHED_LISTS: readonly { name: string; list: ToolListing[]; maxTokens: number }[] = [
  { name: 'mail', list: createCatalog(mailTools).list(UNLIMITED), maxTokens: 3_000 },
  { name: 'missive', list: missive.list(UNLIMITED), maxTokens: 5_500 },
  {
    name: 'missive, every tag named',
    list: missive.list({ ...UNLIMITED, policy: ALL_OF_MISSIVE }),
    maxTokens: 8_000,
  },
];

/** An estimate: four characters are about one token. */
export function tokensOf(listings: readonly ToolListing[]): number {
  const read = listings.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  return JSON.stringify(read).length / 4;
}

export function publishedLists(): Row[] {
  return PUBLISHED_LISTS.map(({ name, list, maxTokens }) =>
    plainRow({ item: 8, name: `published list of ${name}`, unit: 'tokens', ours: tokensOf(list) }, maxTokens),
  );
}
