/** Reads the commands of the documents, and declares how each of them is checked: it is run, or it is listed here with the reason. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** The documents whose commands readers type; decisions and the changelog are about the past. */
const FILES = globSync(['*.md', 'docs/*.md'], { cwd: ROOT, exclude: ['CHANGELOG.md'] }).sort();

/** Commands that test/docs/commands.servers.test.ts runs, by their first words. */
export const RUN = ['mail-mcp', 'cp', 'curl', 'openssl', 'npm run new:tool'];

/** What may stand before `mail-mcp`: where it runs. */
const CONTAINER =
  /^(?:docker (?:exec|compose exec|compose run)(?: -[-\w]+)* [\w-]+ )?(?:node )?(?:bin\/)?(?=mail-mcp(?: |$))/;

interface Listed {
  /** Why no test of the documents runs it. */
  why: string;
  /** Flags that the program has, without those that no document names. */
  flags?: readonly string[];
  /** Where the flags were looked up. */
  source?: string;
}

const REGISTRY = 'needs the package registry: CI runs it';
const DOCKER = { why: 'needs Docker', source: 'docker help, 28.2' };
const SYSTEM = { why: 'changes the machine' };
const ACCOUNT = 'needs an account at its vendor, or a browser';

/** Commands that are not run, by their first words. Their flags are compared with these. */
export const LISTED: Readonly<Record<string, Listed>> = {
  'npm ci': { why: REGISTRY },
  'npm test': { why: 'is the run that this test belongs to' },
  'npm start': { why: 'does not end: test/bin.test.ts checks how the server is started' },
  'npm run build': { why: 'runs before each test run' },
  'npm run check': { why: 'contains the tests' },
  'npm run docs': { why: 'writes into the documents: npm run check runs it with --check' },
  'npm run demo': { why: 'test/demo/ runs it' },
  'npm run demo:picture': { why: 'writes into the documents: test/demo/ compares the words' },
  'npm run bench': { why: 'takes minutes, and runs alone' },
  'npm run soak': { why: 'test/flows/soak.servers.test.ts runs it for a few seconds' },
  'npm run try:model': { why: 'needs a language model' },
  'npm run seal:fixtures': { why: 'belongs to a release' },
  'npx tsc': { why: 'npm run check runs it', flags: ['--noEmit'], source: 'tsc --help, 7.0' },
  'npx biome check': { why: 'npm run check runs it', flags: ['--write'], source: 'biome check --help, 2.5' },
  'npm pack': { why: REGISTRY },
  'docker build': { ...DOCKER, flags: ['-t', '--build-arg'] },
  'docker buildx build': { ...DOCKER, flags: ['-t', '--build-arg', '--output', '-1', '--format'] },
  'docker run': {
    ...DOCKER,
    flags: ['-d', '--name', '-p', '--env-file', '--read-only', '--cap-drop', '--security-opt'],
  },
  'docker inspect': DOCKER,
  'docker compose up': { ...DOCKER, flags: ['-d', '--build'] },
  'docker compose cp': DOCKER,
  'docker compose logs': DOCKER,
  'sudo npm install': { ...SYSTEM, flags: ['--global'], source: 'npm install --help, 11.19' },
  'npm install': { why: REGISTRY, flags: ['--omit'], source: 'npm install --help, 11.19' },
  'npm prefix': { why: 'is about the machine of the reader', flags: ['--global'], source: 'npm prefix --help, 11.19' },
  'npm run pin:images': { why: 'test/image.test.ts runs it' },
  'sudo install': { ...SYSTEM, flags: ['-D', '-m'], source: 'install --help, 9.1' },
  'sudo systemctl': { ...SYSTEM, flags: ['--now'], source: 'systemctl --help, 252' },
  'claude mcp add': { why: ACCOUNT, flags: ['--transport', '--client-id'], source: 'claude mcp add --help, 2.1.197' },
  'claude mcp login': { why: ACCOUNT, source: 'claude mcp login --help, 2.1.197' },
  'codex mcp add': { why: ACCOUNT, flags: ['--url', '--oauth-client-id'], source: 'codex mcp add --help, 0.171.0' },
  'codex mcp login': { why: ACCOUNT, source: 'codex mcp login --help, 0.171.0' },
  'opencode mcp auth': { why: ACCOUNT, source: 'opencode mcp auth --help, 1.18.33' },
  'npx mcp-remote': { why: ACCOUNT, flags: ['--static-oauth-client-info'], source: 'README of mcp-remote 0.15.1' },
  'npx @modelcontextprotocol/inspector': { why: 'test/flows/clients/ runs its command line', source: '--help, 2.12.0' },
};

/** What the placeholders of the documents mean where their commands are run. */
export interface Meanings {
  /** The server. */
  origin: string;
  /** Flags of mail servers that can be used. */
  imap: string;
  smtp: string;
  clientId: string;
}

/** Placeholders, and what is put in their place. */
const PLACEHOLDERS: readonly [pattern: RegExp, meaning: (meanings: Meanings) => string][] = [
  [/https:\/\/mail\.mcp\.example\.com|http:\/\/localhost:3000/g, ({ origin }) => origin],
  [/--imap-host=\S+(?: --imap-port=\d+)?/g, ({ imap }) => imap],
  [/--smtp-host=\S+(?: --smtp-port=\d+)?/g, ({ smtp }) => smtp],
  // No test asks the servers of providers, and those of a test take no access tokens.
  [/--(?:provider|sign-in)=[a-z]+/g, () => '$& --no-probe'],
  [/<Client ID>|(?<=--client-id=)ID\b|\bCLIENT(?:_ID)?\b/g, ({ clientId }) => clientId],
  [/(?<=generate )…/g, ({ imap, smtp }) => `${imap} ${smtp}`],
];

/** For commands that are only parsed. */
export const SAMPLE_MEANINGS: Meanings = {
  origin: 'https://mail.mcp.example.com',
  imap: '--imap-host=imap.example.com',
  smtp: '--smtp-host=smtp.example.com',
  clientId: 'eyJ0',
};

export const withMeanings = (text: string, meanings: Meanings): string =>
  PLACEHOLDERS.reduce(
    (before, [pattern, meaning]) => before.replace(pattern, (found) => meaning(meanings).replace('$&', found)),
    text,
  );

export const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

export interface Block {
  file: string;
  /** The word behind the fence, or '' */
  language: string;
  text: string;
  /** The text of the fence that follows at once, without a language: what the commands print. */
  output?: string;
}

/** The fenced blocks of all documents. */
export function documentedBlocks(): Block[] {
  return FILES.flatMap((file) => blocksOf(file, textOf(file)));
}

export function blocksOf(file: string, text: string): Block[] {
  const fence = /^([ \t]*)(`{3,}|~{3,})(\S*)\n([\s\S]*?)^\1\2$(?:\n\n\1```\n([\s\S]*?)^\1```$)?/gm;
  return [...text.matchAll(fence)].map(([, , , language = '', body = '', output]) => ({
    ...{ file, language, text: body },
    ...(language === 'bash' && output !== undefined && { output }),
  }));
}

/** A code span that is a command, such as `npm run demo` or `generate --missive`; names of programs and of commands alone are none. */
const COMMAND_SPAN = /^(?:(?:bin\/)?mail-mcp|npm|npx|docker|claude|codex|opencode|curl|openssl|node|git) \S/;

/** The code spans of a document, without its fenced blocks. */
export function spansOf(text: string): string[] {
  const prose = text.replace(/^([ \t]*)(`{3,}|~{3,})[\s\S]*?^\1\2$/gm, '');
  return [...prose.matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));
}

export interface Command {
  file: string;
  /** Without quotes. `docker exec NAME node bin/mail-mcp` is `mail-mcp`. */
  words: string[];
}

/** The simple commands of all blocks and code spans, with a meaning for each placeholder. @param commandNames those of mail-mcp */
export function documentedCommands(commandNames: readonly string[]): Command[] {
  const inBlocks = documentedBlocks()
    .filter(({ language }) => language === 'bash')
    .flatMap(({ file, text }) => commandsIn(file, text));
  const isOfMailMcp = (span: string) => commandNames.some((name) => span.startsWith(`${name} `));
  const inSpans = FILES.flatMap((file) =>
    spansOf(textOf(file)).flatMap((span) => {
      if (isOfMailMcp(span)) return commandsIn(file, `mail-mcp ${span}`);
      return COMMAND_SPAN.test(span) ? commandsIn(file, span) : [];
    }),
  );
  return [...inBlocks, ...inSpans];
}

/** What starts a simple command in a shell. */
const SEPARATOR = /^(?:&&|\|\|?|;|\n)$/;

function commandsIn(file: string, script: string): Command[] {
  const uncommented = withMeanings(script, SAMPLE_MEANINGS)
    .replace(/(?:^|[ \t])#[ \t].*$/gm, '')
    .replace(/\\\n\s*/g, ' ');
  const tokens = uncommented.match(/&&|\|\|?|;|\n|(?:'[^']*'|"[^"]*"|[^\s'"|;&])+/g) ?? [];
  const commands: string[][] = [[]];
  for (const token of tokens) {
    if (SEPARATOR.test(token)) commands.push([]);
    else commands.at(-1)?.push(token.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return commands.filter((words) => words.length > 0).map((words) => ({ file, words: withoutContainer(words) }));
}

/** `docker exec NAME node bin/mail-mcp generate` is `mail-mcp generate`. */
function withoutContainer(words: string[]): string[] {
  const before = CONTAINER.exec(words.join(' '))?.[0];
  return before === undefined ? words : ['mail-mcp', ...words.slice(before.split(' ').length)];
}
