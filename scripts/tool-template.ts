/** Text of the files that `npm run new:tool` writes. */

export interface NewTool {
  /** As models call it: `get_mail_quota`. */
  name: string;
  /** Basename of its files: `get-mail-quota`. */
  file: string;
  /** Name of its constant: `archiveMailMessage`. */
  constant: string;
  title: string;
  effect: string;
  method: string;
}

/** Effect and method of a tool by the first word of its name. */
const BY_VERB: Readonly<Record<string, { effect: string; method: string }>> = {
  list: { effect: 'reads', method: 'list' },
  get: { effect: 'reads', method: 'get' },
  search: { effect: 'reads', method: 'search' },
  send: { effect: 'sends', method: 'send' },
  create: { effect: 'writes', method: 'create' },
  move: { effect: 'writes', method: 'update' },
  update: { effect: 'writes', method: 'update' },
  delete: { effect: 'destroys', method: 'delete' },
};

/** @throws {Error} with the rule that the arguments of the command break */
export function toNewTool(args: readonly string[]): NewTool {
  const [name = '', ...more] = args;
  if (more.length > 0 || !/^[a-z]+(?:_[a-z]+)+$/.test(name) || name.length > 64) {
    throw new Error('Usage: npm run new:tool NAME, with a NAME of lower-case words such as get_mail_quota.');
  }
  if (name.includes('missive')) {
    throw new Error('A Missive tool is a record: see "Add a tool" in CONTRIBUTING.md.');
  }
  const [verb = '', ...words] = name.split('_');
  const kind = BY_VERB[verb];
  if (kind === undefined) {
    throw new Error(`The name begins with one of: ${Object.keys(BY_VERB).join(', ')}. Not with ${verb}.`);
  }
  const capital = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
  return {
    name,
    file: name.replaceAll('_', '-'),
    constant: verb + words.map(capital).join(''),
    title: [capital(verb), ...words].join(' '),
    ...kind,
  };
}

/** The declaration: a tool that opens a folder and returns how many messages it holds. */
export function declaration({ name, constant, title, effect, method }: NewTool): string {
  const isReading = effect === 'reads' || effect === 'sends';
  const access = isReading ? 'readImap' : 'changeImap';
  const options = isReading ? '{ fresh: true }' : '{ toChange: true, fresh: true }';
  return `import { z } from 'zod';
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { MailboxPath } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { defineTool } from '../../tool.ts';

export const ${constant} = defineTool({
  name: '${name}',
  title: '${title}',
  description: 'One sentence for the model: what this does, when another tool is better, what it costs.',
  effect: '${effect}',
  method: '${method}',
  tags: ['messages'],
  input: z.object({ folder: MailboxPath }),
  output: z.object({ messages: z.number().describe('Messages in the folder.') }),
  run: async ({ folder }, session: MailSession) => {
    const mailbox = await resolveFolder(folder, session);
    return session.${access}(async (imap) => {
      const { exists } = await openMailbox(imap, mailbox, ${options});
      return { messages: exists };
    }, mailbox);
  },
});
`;
}

/** Its test on real servers. */
export function serversTest({ name }: NewTool): string {
  return `import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('${name}', () => {
  test('returns the number of messages in a folder', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message({ subject: 'a' }), message({ subject: 'b' })] });
    await using assistant = await app.assistant(account);
    expect(await assistant.call('${name}', { folder: 'inbox' })).toEqual({ messages: 2 });
  });

  test('does not exist for a client whose operator allows other tools only', async () => {
    await using assistant = await app.assistant(newAccount(), { flags: { tools: ['list_mailboxes'] } });
    await expect(assistant.call('${name}', { folder: 'inbox' })).rejects.toThrow('There is no such tool');
  });
});
`;
}

/** The list of mail tools with the tool added: its import, and its entry at the end. */
export function listEntry(source: string, { file, constant }: NewTool): string {
  const line = `import { ${constant} } from './mail/${file}.ts';\n`;
  const lastImport = source.lastIndexOf('import ');
  const afterImports = source.indexOf('\n', lastImport) + 1;
  const end = source.lastIndexOf('];');
  if (lastImport < 0 || end < afterImports) throw new Error('src/mcp/tools/mail.ts has another shape than expected.');
  return `${source.slice(0, afterImports)}${line}${source.slice(afterImports, end)}  ${constant},\n${source.slice(end)}`;
}

/** The test of powers with the tool added to its table, at the end. */
export function powerEntry(source: string, name: string, power: string): string {
  const table = source.indexOf('powerOf(tool)]))).toEqual({');
  const end = source.indexOf('\n  });', table);
  if (table < 0 || end < 0) throw new Error('test/mcp/permit/permit.test.ts has another shape than expected.');
  return `${source.slice(0, end)}\n    ${name}: '${power}',${source.slice(end)}`;
}
