import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** From the top down. Imports go downwards, or sideways within one folder; never from one entry of a line to another. */
const LAYERS = [
  ['cli.ts'],
  ['deny.ts', 'generate.ts', 'inspect.ts', 'personal-token.ts', 'server.ts'],
  ['ask-login.ts'],
  ['assemble.ts', 'terminal.ts'],
  ['app.ts'],
  ['admin-clients.ts', 'service-endpoints.ts'],
  ['mint.ts'],
  ['concurrency-limit.ts', 'idle-memory.ts', 'open-state.ts', 'origin-guard.ts', 'request-log.ts'],
  ['missive-session.ts', 'server-flags.ts', 'verify-login.ts'],
  ['oauth/', 'mcp/'],
  ['attachments/'],
  ['account.ts'],
  ['mail/', 'missive/', 'state/'],
  ['log.ts'],
  ['config.ts', 'policy.ts', 'version.ts'],
  ['environment.ts'],
  ['errors.ts'],
];

/** What a folder may use of those below it, where that is less than everything. */
const NARROWER: Record<string, string[]> = {
  'oauth/': [
    'oauth/',
    'account.ts',
    'mail/account.ts',
    'missive/account.ts',
    'state/',
    'log.ts',
    'config.ts',
    'policy.ts',
    'errors.ts',
  ],
  'mail/': ['mail/', 'log.ts', 'errors.ts'],
  'missive/': ['missive/', 'errors.ts'],
  'state/': ['state/', 'errors.ts'],
};

/** Which files may import which library. A library that is not here has not been decided on. */
const DOORS: Record<string, string[]> = {
  '@aws-sdk/client-s3': ['attachments/s3.ts', 'attachments/s3-upload.ts'],
  '@aws-sdk/s3-request-presigner': ['attachments/s3.ts'],
  '@modelcontextprotocol/server': ['mcp/endpoint.ts', 'mcp/plain-request.ts', 'mcp/plain-answer.ts'],
  '@inquirer/input': ['terminal.ts'],
  '@inquirer/password': ['terminal.ts'],
  commander: ['cli.ts'],
  'content-disposition': ['attachments/'],
  cors: ['oauth/cors.ts'],
  eta: ['oauth/pages.ts'],
  express: [
    'admin-clients.ts',
    'app.ts',
    'concurrency-limit.ts',
    'origin-guard.ts',
    'request-log.ts',
    'service-endpoints.ts',
    'oauth/',
    'mcp/endpoint.ts',
    'attachments/links.ts',
  ],
  helmet: ['app.ts'],
  'html-to-text': ['mail/html-text.ts'],
  'iconv-lite': ['mail/'],
  imapflow: ['mail/imap-wire.ts'],
  ioredis: ['state/redis.ts'],
  'ipaddr.js': ['oauth/address-block.ts', 'oauth/fetch-document.ts'],
  jose: ['oauth/jwe.ts'],
  libmime: ['mail/'],
  // Three of its parts, each with a door of its own; the package as a whole has none.
  'nodemailer/lib/addressparser': ['mail/addresses.ts'],
  'nodemailer/lib/mail-composer': ['mail/compose.ts'],
  'nodemailer/lib/smtp-connection': ['mail/smtp.ts'],
  pino: ['log.ts'],
  'rate-limiter-flexible': ['state/'],
  zod: ['*'],
};

interface Import {
  /** Path below src/. */
  from: string;
  /** Path below src/ of one of our files, else the specifier as it stands. */
  to: string;
  isOurs: boolean;
}

function importsOf(file: string, source: string): Import[] {
  const statements = source.matchAll(/^(?:import|export)\b(?:[^;']*?\bfrom)?\s*'([^']+)'/gm);
  const calls = source.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...statements, ...calls].map(([, specifier = '']) => {
    const isOurs = specifier.startsWith('.');
    return { from: file, to: isOurs ? posix.join(posix.dirname(file), specifier) : specifier, isOurs };
  });
}

const sources = new Map(
  globSync('**/*.ts', { cwd: SRC })
    .sort()
    .map((file) => [file, readFileSync(join(SRC, file), 'utf8')] as const),
);
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));

const isIn = (file: string, places: readonly string[]) =>
  places.some((place) => place === '*' || file === place || (place.endsWith('/') && file.startsWith(place)));

const placeOf = (file: string) => LAYERS.flat().find((place) => isIn(file, [place]));
const layerOf = (file: string) => LAYERS.findIndex((places) => isIn(file, places));

function isUpward({ from, to }: Import): boolean {
  if (placeOf(from) === placeOf(to)) return false;
  const narrower = NARROWER[placeOf(from) ?? ''];
  return layerOf(to) <= layerOf(from) || (narrower !== undefined && !isIn(to, narrower));
}

function isPastTheDoor({ from, to, isOurs }: Import): boolean {
  if (isOurs || to.startsWith('node:')) return false;
  const [scope = '', name] = to.split('/');
  const library = scope.startsWith('@') ? `${scope}/${name}` : scope;
  return !isIn(from, DOORS[to] ?? DOORS[library] ?? []);
}

/** The files on the first circle of imports, or nothing. */
function firstCircle(arrows: Import[]): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const { from, to, isOurs } of arrows) {
      const circle = isOurs && from === file ? visit(to, [...path, file]) : [];
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const { from } of arrows) {
    const circle = visit(from, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

const drawn = (arrows: Import[]) => arrows.map(({ from, to }) => `${from} → ${to}`);

describe('the layers of src/', () => {
  test('every file has a layer', () => {
    expect(sources.size).toBeGreaterThan(0);
    expect([...sources.keys()].filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  test('imports go downwards', () => {
    expect(drawn(imports.filter((arrow) => arrow.isOurs && isUpward(arrow)))).toEqual([]);
  });

  test('no imports go in a circle', () => {
    expect(firstCircle(imports)).toEqual([]);
  });

  test('each library is imported through its door only', () => {
    expect(drawn(imports.filter(isPastTheDoor))).toEqual([]);
  });

  test('each door is in use', () => {
    const used = imports.map(({ to }) => to);
    const unused = Object.keys(DOORS).filter((name) => !used.some((to) => to === name || to.startsWith(`${name}/`)));
    expect(unused).toEqual([]);
  });

  test('no file is only a list of exports of others', () => {
    expect([...sources.keys()].filter((file) => posix.basename(file) === 'index.ts')).toEqual([]);
  });

  test('the environment is an argument', () => {
    const readers = [...sources].filter(([, source]) =>
      /\bprocess\s*\.\s*env\b|\benv\b[^;]*from 'node:process'/.test(source),
    );
    expect(readers.map(([file]) => file)).toEqual([]);
  });
});

describe('these rules would notice', () => {
  test.each([
    ['an import of the layer above', 'mail/pool.ts', "import { createApp } from '../app.ts';"],
    ['an import of the neighbour', 'mcp/endpoint.ts', "import type {\n  Grant,\n} from '../oauth/bearer.ts';"],
    ['more of mail than its account', 'oauth/authorize.ts', "export { createImapPool } from '../mail/pool.ts';"],
    ['an import that is a call', 'state/memory.ts', "const { readConfig } = await import('../config.ts');"],
  ])('%s', (_what, file, source) => {
    expect(importsOf(file, source).filter(isUpward)).toHaveLength(1);
  });

  test.each([
    ['a library used past its door', 'mail/pool.ts', "import { ImapFlow } from 'imapflow';"],
    ['the whole of a library of which only parts are used', 'mail/smtp.ts', "import nodemailer from 'nodemailer';"],
    ['a part of a library', 'mcp/tools/mail.ts', "import type { McpServer } from '@modelcontextprotocol/server/mcp';"],
    ['a library nobody decided on', 'app.ts', "import 'lodash';"],
  ])('%s', (_what, file, source) => {
    expect(importsOf(file, source).filter(isPastTheDoor)).toHaveLength(1);
  });

  test('a circle of imports', () => {
    const circle = [...importsOf('a.ts', "import './b.ts';"), ...importsOf('b.ts', "import type { A } from './a.ts';")];
    expect(firstCircle(circle)).toEqual(['a.ts', 'b.ts', 'a.ts']);
  });
});
