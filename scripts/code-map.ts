/** Generates the code map of ARCHITECTURE.md: a row for each folder of src/, from the header comment of its main file. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SRC = join(import.meta.dirname, '..', 'src');

/** The file of each folder whose header describes the folder, in the order of the map. */
const MAIN_FILES: readonly string[] = [
  'commands/server.ts',
  'app/app.ts',
  'connections/connections.ts',
  'minting/mint.ts',
  'settings/config.ts',
  'oauth/routes.ts',
  'oauth/endpoints/authorize.ts',
  'oauth/bearer/bearer.ts',
  'oauth/sign-in/sign-in.ts',
  'oauth/forms/forms.ts',
  'oauth/upstream/upstream.ts',
  'oauth/pages/pages.ts',
  'oauth/client/clients.ts',
  'oauth/grant/token-issuer.ts',
  'oauth/sealed/sealed-types.ts',
  'oauth/http/parameters.ts',
  'mcp/catalog.ts',
  'mcp/endpoint/endpoint.ts',
  'mcp/permit/permit.ts',
  'mcp/mail/mail-session.ts',
  'mcp/missive/operation.ts',
  'mcp/tools/mail.ts',
  'mail/account.ts',
  'mail/imap/imap-connection.ts',
  'mail/pool/pool.ts',
  'mail/mailbox/list-mailboxes.ts',
  'mail/search/parse.ts',
  'mail/html/html-text.ts',
  'mail/mime/body.ts',
  'mail/parts/special-contents.ts',
  'mail/messages/read.ts',
  'mail/send/smtp.ts',
  'mail/send-once/send-once.ts',
  'missive/api.ts',
  'extraction/extraction.ts',
  'attachments/store.ts',
  'body/read-body.ts',
  'workers/workers.ts',
  'state/state.ts',
  'web/guarded-https.ts',
  'text/visible-text.ts',
];

/** Folders without a row: the row of their parent folder covers them. */
const WITHIN_ANOTHER: ReadonlySet<string> = new Set([
  'commands/doctor',
  'extraction/child',
  'extraction/formats',
  'extraction/office',
  'extraction/pdf',
  'mail/derived',
  'mail/files',
  'mail/find',
  'mail/history',
  'mail/html',
  'mail/probe',
  'mail/query',
  'mail/sender',
  'mail/sets',
  'mail/subscription',
  'mail/thread',
  'mcp/mail/rows',
  'mcp/mail/changes',
  'mcp/mail/evidence',
  'mcp/mail/files',
  'mcp/mail/thread',
  'mcp/mail/unsubscribe',
  'mcp/mail/writing',
  'mcp/missive/arguments',
  'mcp/missive/reading',
  'mcp/missive/answers',
  'mcp/missive/writing',
  'mcp/tools/mail',
  'mcp/tools/missive',
  'oauth/landing',
  'oauth/pages/languages',
]);

/** @throws {Error} if a folder has no row, or a header lacks its sentence or its invariant */
export function codeMap(): string {
  const folders = new Set(globSync('**/*.ts', { cwd: SRC }).map((file) => dirname(file)));
  const described = new Set([...MAIN_FILES.map((file) => dirname(file)), ...WITHIN_ANOTHER, '.']);
  const missing = [...folders].filter((folder) => !described.has(folder));
  if (missing.length > 0) throw new Error(`scripts/code-map.ts names no main file for src/${missing.join(', src/')}.`);
  const rows = MAIN_FILES.map((file) => {
    const { sentence, invariant } = headerOf(file);
    return `| \`src/${dirname(file)}\` | ${sentence} | ${invariant} |`;
  });
  return ['| Folder | What it is | Invariant |', '|---|---|---|', ...rows].join('\n');
}

/** The first sentence of a file's first comment without its sources, and the sentence after `Invariant:` in it. */
function headerOf(file: string): { sentence: string; invariant: string } {
  const [, comment = ''] = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(SRC, file), 'utf8')) ?? [];
  const text = comment
    .replaceAll(/\n\s*\* ?/g, ' ')
    .replaceAll(/ \((?:RFC|MCP) [^)]*\)/g, '')
    .trim();
  const [sentence] = /^.*?\.(?= |$)/.exec(text) ?? [];
  const [, invariant] = /\bInvariant: (.*?\.)(?= |$)/.exec(text) ?? [];
  if (sentence === undefined || invariant === undefined) {
    throw new Error(`The header of src/${file} needs a sentence and a line "Invariant: …".`);
  }
  return { sentence, invariant: `${invariant.charAt(0).toUpperCase()}${invariant.slice(1)}` };
}
