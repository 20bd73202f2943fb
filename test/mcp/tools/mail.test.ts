/** Checks the rules for all mail tools. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCatalog } from '../../../src/mcp/catalog.ts';
import { SCOPE_OF, withNeeds } from '../../../src/mcp/permit/permit.ts';
import { mailTools } from '../../../src/mcp/tools/mail.ts';
import { SCOPES, UNLIMITED } from '../../../src/policy.ts';

const listings = createCatalog(mailTools).list(UNLIMITED);

/** Names and parameters of the first release, which remain available. */
const PUBLIC = {
  list_mailboxes: [],
  list_mail_messages: ['folder', 'page', 'per_page'],
  get_mail_message: ['folder', 'uid'],
  search_mail_messages: ['folder', 'query'],
  send_mail_message: ['to', 'subject', 'text_body', 'cc', 'bcc', 'html_body', 'attachment_urls', 'folder'],
  create_draft_mail_message: ['to', 'subject', 'text_body', 'cc', 'bcc', 'html_body', 'attachment_urls', 'folder'],
  delete_mail_message: ['folder', 'uid'],
  move_mail_message: ['folder', 'uid', 'destination'],
  update_mail_message_flags: ['folder', 'uid', 'add', 'remove'],
};

test.each(Object.entries(PUBLIC))('%s is published, with the parameters of the first release', (name, parameters) => {
  const { inputSchema } = listings.find((listing) => listing.name === name) ?? expect.unreachable();
  const { properties } = z.object({ properties: z.record(z.string(), z.unknown()) }).parse(inputSchema);
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(parameters));
});

test('each published tool has a snapshot, and each snapshot a published tool', () => {
  const snapshots = readdirSync(new URL('../snapshots/mail', import.meta.url));
  expect(listings.map(({ name }) => `${name}.json`).sort()).toEqual(snapshots.sort());
});

test('every file of the folder is one tool, named like it', () => {
  const files = readdirSync(new URL('../../../src/mcp/tools/mail', import.meta.url));
  expect(files.sort()).toEqual(mailTools.map(({ name }) => `${name.replaceAll('_', '-')}.ts`).sort());
});

describe.each(mailTools.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  const listing = listings.find((each) => each.name === name);

  test('its name is valid for every client (MCP-17)', () => {
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });

  test('its title and description are sentences of a reasonable length', () => {
    expect(tool.title).toMatch(/^[A-Z][a-z ]+$/);
    expect(tool.description).toMatch(/^[A-Z].*\.$/);
    expect(tool.description.length).toBeGreaterThan(60);
    expect(tool.description.length).toBeLessThan(200);
  });

  test('its effect agrees with its verb', () => {
    const [verb = ''] = name.split('_');
    const effects = {
      list: 'reads',
      get: 'reads',
      search: 'reads',
      send: 'sends',
      create: 'writes',
      move: 'writes',
      update: 'writes',
      delete: 'destroys',
      unsubscribe: 'sends',
    };
    expect(tool.effect).toBe(effects[verb as keyof typeof effects]);
    expect(SCOPES).toContain(SCOPE_OF[tool.effect]);
  });

  test('its hints follow from its effect (MCP-17)', () => {
    expect(listing?.annotations).toMatchObject({
      readOnlyHint: tool.effect === 'reads',
      destructiveHint: tool.effect === 'destroys',
    });
  });

  test('no parameter is sent as a header (MCP-16)', () => {
    expect(JSON.stringify(listing?.inputSchema)).not.toContain('x-mcp-header');
  });

  test('every parameter is described', () => {
    const { properties } = z
      .object({ properties: z.record(z.string(), z.object({ description: z.string().min(10) })) })
      .parse(listing?.inputSchema);
    expect(Object.keys(properties)).toEqual(Object.keys(tool.input.shape));
  });

  test('its listing is unchanged', async () => {
    await expect(`${JSON.stringify(listing, null, 2)}\n`).toMatchFileSnapshot(`../snapshots/mail/${name}.json`);
  });
});

describe('a scope', () => {
  test.each(SCOPES.map((scope) => [scope]))(
    '%s alone lists only the tools of its effect that need no other, always in the same order (MCP-08)',
    (scope) => {
      const names = () =>
        createCatalog(mailTools)
          .list({ ...UNLIMITED, scope: [scope] })
          .map(({ name }) => name);
      const own = mailTools.filter((tool) => withNeeds(tool).every(({ effect }) => SCOPE_OF[effect] === scope));
      expect(names()).toEqual(own.map(({ name }) => name));
      expect(names().length).toBeGreaterThan(0);
    },
  );
});
