/** Reads the prose of the project: comments, test titles, log messages, help and documents. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PHRASES } from './phrases.ts';

const ROOT = join(import.meta.dirname, '..');

/** Text that models or account owners read, or that quotes a wire: only its comments are checked. */
const COMMENTS_ONLY = [
  /^src\/mcp\/tools\//,
  /^src\/mcp\/mail\//,
  /^src\/mcp\/missive\//,
  /^src\/oauth\/(?:sign-in|forms|pages\/languages)\//,
  /^src\/oauth\/upstream\/(?:refusal-sentence|provider-client)\.ts$/,
  /^src\/missive\//,
];

/** `phrase allowed: reason` in a comment exempts its line; alone on a line, the next one. */
const EXCEPTION = /(?:\/\/|<!--) phrase allowed: \S/;

interface Finding {
  line: number;
  phrase: string;
  instead: string;
}

/** Findings in a file's text, with lines counted from 1. */
function findingsIn(text: string, isCommentsOnly = false): Finding[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (EXCEPTION.test(line) || /^\s*(?:\/\/|<!--) phrase allowed: \S/.test(lines[index - 1] ?? '')) return [];
    const prose = isCommentsOnly ? commentOf(line) : line;
    return PHRASES.flatMap(({ pattern, instead }) => {
      const phrase = pattern.exec(prose)?.[0];
      return phrase === undefined ? [] : [{ line: index + 1, phrase, instead }];
    });
  });
}

/** The tables of tools in the documents are made of descriptions for models. */
const TOOL_TABLES = /<!-- generated: (?:missive-)?tools -->[\s\S]*?<!-- end -->/g;

/** A file's prose, line by line as in the file. */
function proseOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8').replace(TOOL_TABLES, (table) =>
    '\n'.repeat(table.split('\n').length - 1),
  );
}

/** The comment in a line of TypeScript, or nothing. */
function commentOf(line: string): string {
  return /^\s*(?:\/\*\*|\*|\/\/).*/.exec(line)?.[0] ?? / \/\/ .*/.exec(line)?.[0] ?? '';
}

const files = globSync(
  ['src/**/*.ts', 'test/**/*.ts', 'scripts/*.ts', 'bench/**/*.ts', 'soak/*.ts', 'demo/*.ts', 'docs/**/*.md', '*.md'],
  {
    cwd: ROOT,
  },
).filter((file) => !['test/phrases.ts', 'test/words.test.ts', 'CHANGELOG.md'].includes(file));

test('the prose of the project uses none of the phrases', () => {
  const found = files.sort().flatMap((file) => {
    const isCommentsOnly = COMMENTS_ONLY.some((pattern) => pattern.test(file));
    return findingsIn(proseOf(file), isCommentsOnly).map(
      ({ line, phrase, instead }) => `${file}:${line}: "${phrase}" → ${instead}`,
    );
  });
  expect(files.length).toBeGreaterThan(300);
  expect(found).toEqual([]);
});

describe('the rules detect', () => {
  test.each([
    ['// A token that was called back.', 'called back'],
    ["log.warn({}, 'a client that nobody minted');", 'nobody'],
    ['/** What the caller is told. */', 'told'],
    ['/** Who has the link reads it. */', '/** Who has'],
    ['The file is of another mailbox.', 'is of '],
  ])('%s', (line, phrase) => {
    expect(findingsIn(line).map((finding) => finding.phrase)).toContain(phrase);
  });

  test.each([
    ["expect(text).toContain('nobody'); // phrase allowed: a name on the wire"],
    ['// phrase allowed: quoted from the server\n* NO nobody is of interest'],
  ])('but not an exception: %s', (text) => {
    expect(findingsIn(text)).toEqual([]);
  });

  test('only comments count where the text is for models', () => {
    expect(findingsIn("description: 'Tells whoever asks',", true)).toEqual([]);
    expect(findingsIn('const a = 1; // told by the server', true)).toHaveLength(1);
  });
});
