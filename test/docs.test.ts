/** Checks the documents: links, anchors, lengths, and the list of them. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const files = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort();

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

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

  test.each([
    ['README.md', 1200],
    ['ARCHITECTURE.md', 2000],
  ])('%s has fewer than %i words', (file, most) => {
    expect(wordsIn(file)).toBeLessThan(most);
  });

  test('docs/README.md lists every document', () => {
    const listed = targetsIn(textOf('docs/README.md')).map((target) => posix.join('docs', target));
    const documents = files.filter((file) => !file.startsWith('docs/decisions/') && file !== 'docs/README.md');
    expect(documents.filter((file) => !listed.includes(file) && file !== 'README.md')).toEqual([]);
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
});
