/** Checks the documents: links, anchors, lengths, the list of them, and what their commands and settings are called. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { createProgram } from '../src/cli.ts';
import { clientSteps } from '../src/oauth/landing/client-steps.ts';
import { en } from '../src/oauth/pages/languages/en.ts';
import { ENVIRONMENT, secretsOf } from '../src/settings/environment.ts';
import {
  type Block,
  blocksOf,
  type Command,
  documentedBlocks,
  documentedCommands,
  LISTED,
  ROOT,
  RUN,
  SAMPLE_MEANINGS,
  spansOf,
  textOf,
  withMeanings,
} from './docs/commands.ts';

const files = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort();

/** Without code, in which brackets and hashes are no Markdown. */
const withoutCode = (text: string): string =>
  text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/(`+)(?:(?!\1).)+\1/g, (code) => code.replace(/[[\]()#<>]/g, ''));

/** The anchors that GitHub gives to headings: lower case, no punctuation, hyphens for spaces, numbered when repeated. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = withoutCode(text).match(/^#{1,6} .+$/gm) ?? [];
  return new Set(
    headings.map((heading) => {
      const slug = heading
        .replace(/^#+ /, '')
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-');
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
}

/** Targets of links and images, in Markdown and in HTML. */
function targetsIn(text: string): string[] {
  const markdown = withoutCode(text).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g);
  const html = text.matchAll(/<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]+)"/g);
  return [...markdown, ...html].map(([, target = '']) => target);
}

const isElsewhere = (target: string): boolean => /^[a-z]+:/i.test(target);

/** @returns what is wrong with a link in a document, or undefined */
function linkProblem(file: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const linked = path === '' ? file : posix.join(dirname(file), path);
  if (!existsSync(join(ROOT, linked))) return `${file}: ${target} does not exist`;
  if (anchor === undefined) return undefined;
  if (!statSync(join(ROOT, linked)).isFile()) return `${file}: ${target} has an anchor, and is no document`;
  return anchorsOf(textOf(linked)).has(anchor) ? undefined : `${file}: ${target} has no such heading`;
}

/** A path of the project in a code span; patterns and placeholders are not paths. */
const PATH = /`((?:src|test|scripts|views|bin|bench|soak|demo|docs)\/[\w./-]*)`/g;

const wordsIn = (file: string): number => textOf(file).split(/\s+/).filter(Boolean).length;

describe('documents', () => {
  test('every relative link leads to a file, and every anchor to a heading', () => {
    const links = files.flatMap((file) => targetsIn(textOf(file)).map((target) => ({ file, target })));
    const relative = links.filter(({ target }) => !isElsewhere(target));
    expect(relative.length).toBeGreaterThan(100);
    expect(relative.flatMap(({ file, target }) => linkProblem(file, target) ?? [])).toEqual([]);
  });

  test('every path of the project that is named exists', () => {
    const named = files.flatMap((file) => [...textOf(file).matchAll(PATH)].map(([, path = '']) => ({ file, path })));
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('every document that code, pages and settings name exists', () => {
    const named = globSync(['src/**/*.ts', 'views/*', 'deploy/*', '{.env.sample,compose.yaml,Dockerfile}'], {
      cwd: ROOT,
    })
      .filter((file) => !file.endsWith('.png'))
      .flatMap((file) =>
        [...textOf(file).matchAll(/\bdocs\/[\w/-]+\.md(?:#[\w-]+)?/g)].map(([path]) => ({ file, path })),
      );
    expect(named.length).toBeGreaterThan(3);
    expect(named.flatMap(({ file, path }) => linkProblem(file, posix.relative(dirname(file), path)) ?? [])).toEqual([]);
  });

  test.each([
    ['README.md', 1200],
    ['ARCHITECTURE.md', 2000],
  ])('%s has fewer than %i words', (file, most) => {
    expect(wordsIn(file)).toBeLessThan(most);
  });

  test('docs/README.md and README.md list every document', () => {
    const listed = targetsIn(textOf('docs/README.md')).map((target) => posix.join('docs', target));
    const documents = files.filter((file) => !file.startsWith('docs/decisions/') && file !== 'docs/README.md');
    expect(documents.filter((file) => !listed.includes(file) && file !== 'README.md')).toEqual([]);
    // In one line each there; the README has those of docs/ by name.
    const linked = targetsIn(textOf('README.md'));
    expect(documents.filter((file) => file.startsWith('docs/') && !linked.includes(file))).toEqual([]);
  });

  test('each decision has a number of its own, its four sections, and a line in the list', () => {
    const decisions = globSync('docs/decisions/[0-9]*.md', { cwd: ROOT }).sort();
    const listed = targetsIn(textOf('docs/decisions/README.md'));
    expect(decisions.map((file) => posix.basename(file))).toEqual([...listed].sort());
    expect(new Set(decisions.map((file) => posix.basename(file).slice(0, 4))).size).toBe(decisions.length);
    const sections = ['Context', 'Decision', 'Alternatives', 'Consequences'];
    expect(
      decisions.filter(
        (file) => (textOf(file).match(/^## .+$/gm) ?? []).join() !== sections.map((name) => `## ${name}`).join(),
      ),
    ).toEqual([]);
  });
});

/** mail-mcp, whose commands do nothing. */
function idleProgram() {
  const program = createProgram({}, { out: () => {}, err: () => {} });
  for (const command of program.commands) command.action(() => {});
  return program;
}

const scripts: Record<string, string> = JSON.parse(textOf('package.json')).scripts;
const flagsOf = (words: readonly string[]) =>
  words.filter((word) => /^-\w|^--\w/.test(word)).map((word) => word.replace(/=.*/s, ''));

/** Whether the sources beside the program of an npm script name the flag. */
function hasFlag(script: string, flag: string): boolean {
  const folder = /node (\w+)\//.exec(scripts[script] ?? '')?.[1] ?? 'scripts';
  const name = new RegExp(`['"\`]?(?:${flag}|${flag.replace(/^--/, '')})\\b`);
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT }).some((file) => name.test(textOf(file)));
}

/** @returns what is wrong with a command, or undefined */
function commandProblem({ file, words }: Command): string | undefined {
  const line = words.join(' ');
  const entry = [...RUN, ...Object.keys(LISTED)]
    .filter((name) => `${line} `.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length)[0];
  if (entry === undefined) return `${file}: ${line}: is neither run nor listed`;
  if (entry === 'mail-mcp') return mailMcpProblem(file, words.slice(1));
  const [program, verb, script = ''] = words;
  if (program === 'npm' && verb === 'run' && !(script in scripts)) return `${file}: ${line}: there is no such script`;
  const isKnown = (flag: string) =>
    LISTED[entry]?.flags?.includes(flag) === true || (program === 'npm' && verb === 'run' && hasFlag(script, flag));
  const unknown = RUN.includes(entry) ? [] : flagsOf(words).filter((flag) => !isKnown(flag));
  return unknown.length === 0 ? undefined : `${file}: ${line}: ${unknown.join(' ')} is not listed`;
}

function mailMcpProblem(file: string, argv: string[]): string | undefined {
  try {
    idleProgram().parse(argv, { from: 'user' });
    return undefined;
  } catch (error) {
    // `mail-mcp deny` and `generate --time-zone` in a sentence are names.
    const isName = error instanceof CommanderError && /issingArgument$/.test(error.code);
    return isName
      ? undefined
      : `${file}: mail-mcp ${argv.join(' ')}: ${error instanceof Error ? error.message : error}`;
  }
}

/** Checks what is between the fences. A language without an entry is refused. */
const LANGUAGES: Readonly<Record<string, (text: string) => string | undefined>> = {
  '': () => undefined,
  mermaid: () => undefined,
  bash: (text) => spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' }).stderr || undefined,
  json: (text) => {
    try {
      // Several values stand below each other, each begins a line.
      for (const value of text.split(/\n(?=[{[])/)) JSON.parse(value);
      return undefined;
    } catch (error) {
      return String(error);
    }
  },
  nginx: bracesProblem,
  yaml: (text) => parseDocument(text).errors[0]?.message,
};

/** Each line opens a block, closes one, or ends a directive. */
function bracesProblem(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const depth = lines.reduce((before, line) => before + Number(line.endsWith('{')) - Number(line === '}'), 0);
  return depth === 0 ? lines.find((line) => line !== '' && !/[{;]$|^\}$/.test(line)) : 'a brace is missing';
}

const blockProblem = ({ file, language, text }: Block): string | undefined => {
  const check = LANGUAGES[language];
  const problem = check === undefined ? 'is not checked' : check(withMeanings(text, SAMPLE_MEANINGS));
  return problem === undefined ? undefined : `${file}: ${language}: ${problem}`;
};

/** Names in capitals that are no settings of the server. */
const OTHER_NAMES = new Set([
  ...['MINTING_PRIVATE_KEY', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'SOURCE_DATE_EPOCH'],
  // Causes of refused logins, placeholders, and words of CONTRIBUTING.
  ...['CLIENT_SECRET', 'SMTP_AUTH_OFF', 'NO_PASSWORDS', 'APP_PASSWORD', 'CLIENT_ID', 'SCREAMING_CASE', 'ENTRY_POINTS'],
]);

const settingNames = new Set([
  ...Object.keys(ENVIRONMENT.shape),
  ...secretsOf(ENVIRONMENT).map((name) => `${name}_FILE`),
  ...OTHER_NAMES,
]);

describe('commands and settings in the documents', () => {
  const commandNames = idleProgram().commands.map((command) => command.name());
  const blocks = documentedBlocks();

  test('each command is run, or is listed with the reason, and has flags that its program knows', () => {
    const commands = documentedCommands(commandNames);
    expect(commands.length).toBeGreaterThan(80);
    expect(commands.flatMap((command) => commandProblem(command) ?? [])).toEqual([]);
  });

  test('each entry of the list is a command of a document', () => {
    const lines = documentedCommands(commandNames).map(({ words }) => `${words.join(' ')} `);
    const unused = Object.keys(LISTED).filter((name) => !lines.some((line) => line.startsWith(`${name} `)));
    expect(unused).toEqual([]);
  });

  test('each block is syntactically correct', () => {
    expect(blocks.length).toBeGreaterThan(20);
    expect(blocks.flatMap((block) => blockProblem(block) ?? [])).toEqual([]);
  });

  test('docs/clients.md has the texts to paste of the page at /', () => {
    const text = textOf('docs/clients.md').replaceAll('<Client ID>', 'YOUR_CLIENT_ID');
    const codes = clientSteps('https://mail.mcp.example.com/mcp', undefined, en).flatMap(({ steps }) =>
      steps.flatMap(({ code }) => code ?? []),
    );
    expect(codes.length).toBeGreaterThan(8);
    const missing = codes.filter((code) => !text.replaceAll('<Client Secret>', 'YOUR_CLIENT_SECRET').includes(code));
    expect(missing).toEqual([]);
  });

  test('each flag that is named alone exists', () => {
    const known = new Set<string | undefined | null>(
      idleProgram().commands.flatMap(({ options }) => options.map(({ long }) => long)),
    ).add('--help');
    const spans = blocks.map(({ file }) => file).concat('docs/configuration.md');
    const named = [...new Set(spans)].flatMap((file) =>
      spansOf(textOf(file)).flatMap((span) =>
        span.startsWith('--') ? [{ file, flag: flagsOf([span.split(' ')[0] ?? ''])[0] ?? '' }] : [],
      ),
    );
    const isOfScript = (flag: string) => Object.keys(scripts).some((script) => hasFlag(script, flag));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ flag }) => !known.has(flag) && !isOfScript(flag))).toEqual([]);
  });

  test('each setting that is named exists', () => {
    const named = files
      .filter((file) => file !== 'CHANGELOG.md')
      .flatMap((file) => {
        const code = [...spansOf(textOf(file)), ...blocksOf(file, textOf(file)).map(({ text }) => text)];
        const names = code.flatMap((text) => text.match(/(?<![\w.<-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []);
        return names.map((name) => ({ file, name }));
      });
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ name }) => !settingNames.has(name))).toEqual([]);
  });
});

describe('the rules detect', () => {
  test.each([
    ['a file that does not exist', 'missing.md'],
    ['a heading that does not exist', 'README.md#no-such-heading'],
    ['an anchor of the same document', '#no-such-heading'],
  ])('%s', (_what, target) => {
    expect(linkProblem('README.md', target)).toBeDefined();
  });

  test('links in code are no links, those of HTML are', () => {
    expect(targetsIn('`[a](b.md)` [c](d.md#e) <img src="f.png" alt="">')).toEqual(['d.md#e', 'f.png']);
  });

  test('anchors are those of GitHub', () => {
    expect([...anchorsOf('# A `client_id`\n## What: is "it"?\n## What: is "it"?\n```\n# no\n```\n')]).toEqual([
      'a-client_id',
      'what-is-it',
      'what-is-it-1',
    ]);
  });

  test.each([
    ['a command that is neither run nor listed', ['wget', 'https://example.com']],
    ['an unknown flag of mail-mcp', ['mail-mcp', 'generate', '--imap-hots=a']],
    ['an unknown command of mail-mcp', ['mail-mcp', 'generates']],
    ['an unknown flag of another program', ['claude', 'mcp', 'add', '--clientid', 'x']],
    ['an unknown script', ['npm', 'run', 'demos']],
    ['an unknown flag of a script', ['npm', 'run', 'bench', '--', '--onlyy=9']],
  ])('%s', (_what, words) => {
    expect(commandProblem({ file: 'README.md', words })).toBeDefined();
  });

  test.each([
    ['bash', 'echo "a'],
    ['json', '{,}'],
    ['nginx', 'server {\n  listen 443\n}\n'],
    ['yaml', 'a: [b'],
    ['klingon', ''],
  ])('a broken block: %s', (language, text) => {
    expect(blockProblem({ file: 'README.md', language, text })).toBeDefined();
  });
});
