/** Defines the demo with a stand-in for the Missive API: a prospect is stored as a contact. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ids } from '../test/support/missive/ids.ts';
import { startMissive } from '../test/support/missive/stand-in.ts';
import { storeProspect } from './missive-workflows.ts';
import type { Scenario, Tour } from './scenario.ts';
import { type Expected, showMembers } from './stage.ts';
import { shorten } from './terminal.ts';

const Contact = z.object({
  contact: z.object({
    first_name: z.string(),
    last_name: z.string(),
    infos: z.array(z.object({ value: z.string() })).min(1),
  }),
});

const MAX_ANSWER = 80;

/** Any answer, as the beginning of its JSON. */
const ANY: Expected<Record<string, unknown>> = {
  schema: z.record(z.string(), z.unknown()),
  show: (answer) => [shorten(JSON.stringify(answer), MAX_ANSWER)],
};

const CONTACT: Expected<z.output<typeof Contact>> = {
  schema: Contact,
  show: ({ contact }) => showMembers({ ...contact, infos: contact.infos.map(({ value }) => value) }),
};

export async function createMissiveScenario(): Promise<Scenario> {
  const missive = await startMissive({ token: `missive_pat-${randomBytes(16).toString('hex')}` });
  return {
    title: 'a stand-in for Missive in memory, the server, and the official MCP client',
    flags: ['--missive', `--missive-url=${missive.url}`, '--tags=contacts,conversations,directory'],
    login: { api_token: missive.token },
    answers: [missive.token],
    credentialsText: `API token ${missive.token}`,
    example: { tool: 'list_all_missive_contact_books', args: {} },
    show: showProspect,
    async close() {
      await missive[Symbol.asyncDispose]();
    },
  };
}

async function showProspect({ stage, restart }: Tour): Promise<void> {
  stage.request('Put the person who writes in this conversation into the VIP prospects.');
  const call = (tool: string, args: Record<string, unknown> = {}) => stage.call(tool, args, ANY);
  const prospect = { conversation_id: ids.prospect, book: 'VIP Prospects' };
  const id = await storeProspect(call, prospect, (request, result) => stage.found(request, result));
  stage.note('The server stops. Another one starts with the same key.');
  const { isSameToken } = await restart();
  stage.request('Are they in the book now?');
  const { contact } = await stage.call('get_single_missive_contact_by_id', { id }, CONTACT);
  stage.claim('The token still works.', isSameToken);
  const addresses = contact.infos.map(({ value }) => value).join(', ');
  stage.claim(`Stored: ${contact.first_name} ${contact.last_name}, ${addresses}`, addresses.includes('@'));
}
