/** Defines the demo with a stand-in for the Missive API: a prospect is stored as a contact. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ids } from '../test/support/missive/ids.ts';
import { startMissive } from '../test/support/missive/stand-in.ts';
import { storeProspect } from './missive-workflows.ts';
import type { Scenario } from './scenario.ts';

const Contact = z.object({
  contact: z.object({
    first_name: z.string(),
    last_name: z.string(),
    infos: z.array(z.object({ value: z.string() })).min(1),
  }),
});

export async function createMissiveScenario(): Promise<Scenario> {
  const missive = await startMissive({ token: `missive_pat-${randomBytes(16).toString('hex')}` });
  return {
    service: { title: 'A stand-in for Missive, in memory', lines: [`API at ${missive.url}`] },
    flags: ['--missive', `--missive-url=${missive.url}`, '--tags=contacts,conversations,directory'],
    login: { api_token: missive.token },
    credentialsText: `personal API token ${missive.token}`,
    async showTools(client, printStep) {
      const call = async (name: string, args: Record<string, unknown> = {}) => {
        const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
        if (isError) throw new Error(`${name} failed: ${JSON.stringify(content)}`);
        return structuredContent;
      };
      const id = await storeProspect(call, { conversation_id: ids.prospect, book: 'VIP Prospects' }, printStep);
      const { contact } = Contact.parse(await call('get_single_missive_contact_by_id', { id }));
      const addresses = contact.infos.map(({ value }) => value).join(', ');
      printStep('Is it in the book now?', `${contact.first_name} ${contact.last_name}, ${addresses}`);
    },
    async close() {
      await missive[Symbol.asyncDispose]();
    },
  };
}
