/** Reads a sample mailbox from a directory (`mailbox.json` and `mail/*.eml`), and appends sample mailboxes to accounts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MailAccount } from '../../src/mail/account.ts';
import { newAccount } from '../../test/support/mail/accounts.ts';
import { withImapFlow } from '../../test/support/mail/with-imapflow.ts';
import type { TestServers } from '../../test/support/servers/servers.ts';
import type { SampleMailbox } from './everyday-mailbox.ts';

const MailboxFile = z.object({
  account: z.string(),
  name: z.string(),
  now: z.iso.datetime(),
  time_zone: z.string().default('UTC'),
  identities: z.array(z.string()).default([]),
  messages: z.array(
    z.object({
      file: z.string(),
      folder: z.string(),
      flags: z.array(z.string()),
      /** As in IMAP: `29-Aug-2026 12:00:29 +0000`. */
      internal_date: z.string(),
    }),
  ),
});

export async function readMailbox(directory: string): Promise<SampleMailbox> {
  const { account, name, identities, now, time_zone, messages } = MailboxFile.parse(
    JSON.parse(await readFile(join(directory, 'mailbox.json'), 'utf8')),
  );
  return {
    owner: { name, email: account, identities, timeZone: time_zone },
    now: new Date(now),
    messages: await Promise.all(
      messages.map(async ({ file, folder, flags, internal_date }) => ({
        ...{ folder, flags, arrivedAt: new Date(internal_date.replace(/^(\d+)-(\w+)-/, '$1 $2 ')) },
        raw: await readFile(join(directory, 'mail', file)),
      })),
    ),
  };
}

/** A new account that has the messages of the mailbox, appended in their order. */
export async function createSampleAccount(
  { owner, messages }: SampleMailbox,
  servers: TestServers,
): Promise<MailAccount> {
  const account: MailAccount = { ...newAccount({}, servers), fullName: owner.name, email: owner.email };
  await withImapFlow(account, async (imap) => {
    const existing = new Set((await imap.list()).map(({ path }) => path));
    for (const { folder, flags, arrivedAt, raw } of messages) {
      if (!existing.has(folder)) await imap.mailboxCreate(folder);
      existing.add(folder);
      if ((await imap.append(folder, raw, flags, arrivedAt)) === false)
        throw new Error(`APPEND to ${folder} was refused`);
    }
  });
  return account;
}
