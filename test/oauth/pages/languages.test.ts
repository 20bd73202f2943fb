import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { escapeHtml } from '../../../src/oauth/pages/html.ts';
import { en } from '../../../src/oauth/pages/languages/en.ts';
import { LANGUAGES } from '../../../src/oauth/pages/languages/languages.ts';
import { longLanguage, rightToLeftLanguage } from '../../support/oauth/test-languages.ts';

const VIEWS = join(import.meta.dirname, '../../../views');

/** Values of every sentence; text is recognized in it. */
const NUMBERS = { count: 4711, most: 4712, line: 4713, port: 4714, seconds: 4800, minutes: 47 };
const NAMES = [
  ...['client', 'host', 'server', 'operator', 'title', 'provider', 'code', 'name', 'contact', 'see', 'clientId'],
  ...['clientSecret', 'toThisDevice', 'protection', 'recipients', 'folders', 'folder', 'limits', 'date', 'time', 'end'],
  ...['words', 'quoted', 'may', 'not', 'since', 'until', 'powers', 'last', 'who', 'file', 'reference', 'domain'],
];
const VALUES = { ...NUMBERS, ...Object.fromEntries(NAMES.map((name) => [name, `⟨${name}⟩`])) };
const KINDS = ['app', 'code'] as const;

/** Every sentence of a language by its key; one that depends on the kind of password, for each kind. */
function sentencesOf(value: unknown, key = ''): [key: string, sentence: string][] {
  if (typeof value === 'string') return [[key, value]];
  if (typeof value === 'function') {
    return KINDS.map((kind) => [`${key}(${kind})`, escapeHtml(value({ ...VALUES, kind }))]);
  }
  return Object.entries(value ?? {}).flatMap(([name, one]) => sentencesOf(one, key === '' ? name : `${key}.${name}`));
}

const valuesIn = (sentence: string): string[] => [...new Set(sentence.match(/⟨\w+⟩|47\d*|80/g))].sort();

const others = [...LANGUAGES.slice(1), longLanguage, rightToLeftLanguage];

describe.each(others.map((language) => [language.code, language] as const))('the language %s', (_code, language) => {
  const english = sentencesOf(en);
  const own = new Map(sentencesOf(language));

  test('FORM-15 has every sentence, none empty, with the values of the English one', () => {
    expect([...own.keys()]).toEqual(english.map(([key]) => key));
    expect([...own].filter(([, sentence]) => sentence.trim() === '' || /undefined|\[object/.test(sentence))).toEqual(
      [],
    );
    const differing = english.filter(([key, sentence]) => {
      return valuesIn(own.get(key) ?? '').join() !== valuesIn(sentence).join();
    });
    expect(differing).toEqual([]);
  });

  test('FORM-15 leaves no sentence in English', () => {
    const same = english.filter(([key, sentence]) => own.get(key) === sentence && /[a-z]{4}/.test(sentence));
    expect(same.map(([key]) => key).filter((key) => key !== 'direction')).toEqual([]);
  });
});

test('German quotes, apostrophes and ellipses are typographic', () => {
  const [, german] = LANGUAGES;
  const wrong = sentencesOf(german).filter(([, text]) => /(?<!=)"(?!>)|'|\.\.\.|[^ \u00a0]…|“(?=\w)/.test(text));
  expect(wrong).toEqual([]);
});

describe('the templates', () => {
  const templates = globSync('*.eta', { cwd: VIEWS }).filter((name) => !name.startsWith('admin-'));

  test.each(templates)('FORM-15 %s has no words of its own', (name) => {
    const text = readFileSync(join(VIEWS, name), 'utf8')
      .replace(/<%[\s\S]*?%>/g, ' ')
      .replace(/<!?[a-z/][^>]*>/gi, ' ')
      .replace(/&\S+?;/g, ' ');
    // What is left may be attributes around a condition.
    expect(text.replace(/[\w-]+="[^"]*"|\b(?:open|checked|required|autofocus|selected|disabled)\b/g, '')).not.toMatch(
      /[a-z]{2}/i,
    );
  });

  test.each(templates)('FORM-15 %s has no sentence of English in its code', (name) => {
    const code = readFileSync(join(VIEWS, name), 'utf8');
    const found = sentencesOf(en).filter(([, sentence]) => sentence.length > 12 && code.includes(sentence));
    expect(found).toEqual([]);
  });

  test('FORM-15 their scripts have no sentences', () => {
    for (const name of ['reader.js', 'copy.js']) {
      const code = readFileSync(join(VIEWS, name), 'utf8').replace(/^\s*\/\/.*$/gm, '');
      expect(code).not.toMatch(/'[A-Z][a-z]+[' ]/);
    }
  });
});

test('FORM-15 no sentence of English is written elsewhere in src/oauth', () => {
  const src = join(import.meta.dirname, '../../../src/oauth');
  const files = globSync('**/*.ts', { cwd: src }).filter((name) => !name.startsWith('pages/languages/'));
  const sentences = sentencesOf(en).filter(([key, text]) => text.length > 24 && !key.startsWith('code'));
  const found = files.flatMap((name) => {
    const code = readFileSync(join(src, name), 'utf8').replace(/^\s*(?:\/?\*|\/\/).*$/gm, '');
    return sentences.filter(([, text]) => code.includes(text)).map(([key]) => `${name}: ${key}`);
  });
  expect(found).toEqual([]);
});
