import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** From the top down. Imports go down this list or sideways within one entry, never up and never between two entries of one line. */
const LAYERS = [
  ['cli.ts'],
  ['commands/'],
  ['app/'],
  ['connections/', 'minting/'],
  ['oauth/routes.ts'],
  ['oauth/endpoints/'],
  ['oauth/bearer/', 'oauth/sign-in/'],
  ['oauth/grant/', 'oauth/landing/'],
  ['oauth/metadata.ts'],
  ['oauth/services.ts'],
  ['oauth/forms/'],
  ['oauth/client/', 'oauth/upstream/'],
  ['oauth/sealed/'],
  ['oauth/scope.ts'],
  ['oauth/pages/'],
  ['oauth/http/'],
  ['mcp/reference.ts', 'mcp/services.ts'],
  ['mcp/endpoint/', 'mcp/tools/'],
  ['mcp/catalog.ts'],
  ['mcp/argument-reader.ts', 'mcp/lists.ts'],
  ['mcp/argument-errors.ts', 'mcp/tolerant-arguments.ts'],
  ['mcp/mail/', 'mcp/missive/'],
  ['mcp/permit/'],
  [
    'mcp/body-slice.ts',
    'mcp/file-text.ts',
    'mcp/outgoing.ts',
    'mcp/person-text.ts',
    'mcp/tool-listing.ts',
    'mcp/without-empty.ts',
    'mcp/absent-tools.ts',
  ],
  ['mcp/tool.ts'],
  ['mcp/published-schema.ts', 'mcp/wanted-arguments.ts'],
  ['mcp/parameter-meanings.ts'],
  ['extraction/extraction.ts'],
  ['extraction/child-process.ts'],
  ['extraction/child-command.ts', 'extraction/process-usage.ts'],
  ['extraction/child/'],
  ['extraction/office/', 'extraction/pdf/'],
  ['extraction/formats/'],
  ['extraction/answer-bytes.ts'],
  ['extraction/exchange.ts'],
  ['attachments/'],
  ['account.ts'],
  ['mail/verify-login.ts'],
  ['mail/diagnosed-login.ts'],
  ['mail/send-once/'],
  ['mail/send/'],
  ['mail/derived/'],
  ['mail/thread/', 'mail/sets/', 'mail/history/'],
  ['mail/find/'],
  ['mail/files/', 'mail/subscription/'],
  ['mail/messages/'],
  ['mail/parts/'],
  ['mail/query/'],
  ['mail/mailbox/', 'mail/mime/', 'mail/pool/', 'mail/search/', 'mail/sender/'],
  ['mail/html/', 'mail/imap/', 'mail/probe/'],
  ['mail/sasl-token.ts'],
  ['mail/access-tokens.ts', 'mail/providers.ts'],
  ['mail/account.ts', 'mail/login-refusal.ts', 'mail/mailbox-name.ts', 'mail/message-bytes.ts', 'mail/own-address.ts'],
  ['missive/'],
  ['workers/'],
  ['state/'],
  ['web/'],
  ['body/'],
  ['log.ts'],
  ['policy.ts'],
  ['settings/'],
  ['text/'],
  ['errors.ts'],
];

/** What an area may import of the layers below it, where that is not all of them. */
const NARROWER: Record<string, string[]> = {
  'oauth/': [
    'oauth/',
    'account.ts',
    'mail/access-tokens.ts',
    'mail/account.ts',
    'mail/own-address.ts',
    'mail/providers.ts',
    'missive/account.ts',
    'state/',
    'web/',
    'body/',
    'log.ts',
    'settings/config.ts',
    'settings/minting-keys.ts',
    'policy.ts',
    'text/did-you-mean.ts',
    'text/time-zone.ts',
    'errors.ts',
  ],
  'body/': ['body/'],
  'mcp/': [
    'mcp/',
    'account.ts',
    'attachments/',
    'extraction/',
    'mail/',
    'missive/',
    'workers/',
    'state/',
    'web/',
    'text/',
    'log.ts',
    'policy.ts',
    'errors.ts',
  ],
  'mcp/endpoint/': ['mcp/endpoint/', 'mcp/catalog.ts', 'mcp/outgoing.ts', 'text/', 'log.ts', 'policy.ts', 'errors.ts'],
  'mcp/catalog.ts': [
    'mcp/permit/',
    'mcp/absent-tools.ts',
    'mcp/argument-reader.ts',
    'mcp/lists.ts',
    'mcp/outgoing.ts',
    'mcp/tool-listing.ts',
    'mcp/tool.ts',
    'policy.ts',
    'errors.ts',
  ],
  'mail/': ['mail/', 'workers/', 'state/semaphore.ts', 'web/public-address.ts', 'text/', 'log.ts', 'errors.ts'],
  'missive/': ['missive/', 'body/', 'workers/', 'errors.ts'],
  'state/': ['state/', 'errors.ts'],
  'web/': ['web/', 'errors.ts'],
  'workers/': ['workers/', 'state/semaphore.ts', 'errors.ts'],
};

/** The files of a folder that other folders may import; of a folder that is not in this list, other folders may import every file. */
const FACES: Record<string, string[]> = {
  'app/': ['assemble.ts', 'idle-memory.ts', 'http-server.ts', 'verify-login.ts'],
  'attachments/': ['open-store.ts', 'store.ts', 'to-message-bytes.ts'],
  'body/': ['body-budget.ts', 'body-shares.ts', 'json-limits.ts', 'read-body.ts'],
  'commands/': [
    'completion.ts',
    'deny.ts',
    'doctor.ts',
    'examples.ts',
    'generate.ts',
    'inspect.ts',
    'minting-key.ts',
    'server.ts',
    'terminal.ts',
    'token.ts',
  ],
  'extraction/': ['exchange.ts', 'extraction.ts'],
  'mail/files/': ['read-file.ts'],
  'mail/find/': [
    'evaluate.ts',
    'fetch-each.ts',
    'find-candidates.ts',
    'find-messages.ts',
    'no-hits.ts',
    'search-each.ts',
  ],
  'mail/history/': ['sender-history.ts'],
  'mail/html/': ['hidden-letters.ts', 'html-text.ts'],
  'mail/imap/': ['bounded-item.ts', 'data-formats.ts', 'fetch.ts', 'imap-connection.ts'],
  'mail/mailbox/': [
    'create-mailbox.ts',
    'find-by-role.ts',
    'inbox-identity.ts',
    'list-mailboxes.ts',
    'open-mailbox.ts',
    'outbox.ts',
    'searchable-mailboxes.ts',
  ],
  'mail/messages/': [
    'arrivals.ts',
    'carry.ts',
    'change.ts',
    'changes.ts',
    'fetch-items.ts',
    'flags.ts',
    'list.ts',
    'part-stream.ts',
    'previews.ts',
    'read.ts',
    'removal.ts',
    'search-messages.ts',
    'sender-verdicts.ts',
    'unknown-outcome.ts',
  ],
  'mail/mime/': [
    'addresses.ts',
    'body.ts',
    'body-conversion.ts',
    'body-structure.ts',
    'body-text.ts',
    'charset.ts',
    'convert-parts.ts',
    'dates.ts',
    'listed-files.ts',
    'preview-text.ts',
    'stub-text.ts',
    'summary.ts',
    'transfer-encoding.ts',
  ],
  'mail/parts/': [
    'calendar-components.ts',
    'event-time.ts',
    'invitation.ts',
    'invitation-words.ts',
    'part-groups.ts',
    'special-contents.ts',
    'special-parts.ts',
    'split-message.ts',
    'time-zones.ts',
    'write-calendar.ts',
  ],
  'mail/pool/': ['pool.ts'],
  'mail/probe/': ['probe.ts', 'shared-probe.ts'],
  'mail/query/': ['check-message.ts', 'compile-query.ts', 'describe-query.ts', 'parse-query.ts', 'query.ts'],
  'mail/search/': [
    'criteria-error.ts',
    'encode-search.ts',
    'keys.ts',
    'parse.ts',
    'search-date.ts',
    'text-probe.ts',
    'uid-search.ts',
  ],
  'mail/send-once/': ['keyed-message-id.ts', 'recent-results.ts', 'save-copy.ts', 'save-draft-once.ts', 'send-once.ts'],
  'mail/sender/': [
    'domains.ts',
    'header-fields.ts',
    'header-warnings.ts',
    'look-alike.ts',
    'mail-providers.ts',
    'verdict.ts',
    'visual-form.ts',
  ],
  'mail/sets/': ['flag-set.ts', 'marks.ts', 'move-set.ts', 'open-set.ts', 'read-set.ts', 'remove-set.ts'],
  'mail/subscription/': ['fetch-subscriptions.ts', 'mailto.ts', 'subscription.ts'],
  'mail/thread/': ['found-message.ts', 'participants.ts', 'thread.ts', 'thread-texts.ts', 'waiting.ts'],
  'mail/send/': ['compose.ts', 'compose-draft.ts', 'graph.ts', 'sent-copy-saver.ts', 'smtp.ts'],
  'mcp/endpoint/': ['endpoint.ts', 'version-pairs.ts'],
  'mcp/permit/': [
    'change-quota.ts',
    'folders.ts',
    'limited-connection.ts',
    'permit.ts',
    'policy-input.ts',
    'recipients.ts',
    'send-limit.ts',
  ],
  'mcp/tools/': ['mail.ts', 'missive.ts'],
  'minting/': ['admin-clients.ts', 'admin-page.ts', 'flag-table.ts', 'mint.ts', 'server-flags.ts'],
  'missive/': ['account.ts', 'api.ts', 'rate-limit.ts', 'verify-token.ts'],
  'oauth/bearer/': ['bearer.ts'],
  'oauth/client/': [
    'client.ts',
    'clients.ts',
    'connection-choice.ts',
    'denied-clients.ts',
    'dynamic-clients.ts',
    'given-metadata.ts',
    'mint-client.ts',
    'presets.ts',
  ],
  'oauth/endpoints/': ['account.ts', 'authorize.ts', 'error-response.ts', 'register.ts', 'revoke.ts', 'token.ts'],
  'oauth/landing/': ['client-steps.ts', 'landing.ts', 'site-files.ts'],
  'oauth/pages/': ['html.ts', 'language-choice.ts', 'page-error.ts', 'pages.ts', 'time-words.ts', 'views.ts'],
  'oauth/pages/languages/': ['en.ts', 'languages.ts'],
  'oauth/grant/': ['grants.ts', 'revocation.ts', 'rotation.ts', 'token-issuer.ts'],
  'oauth/sealed/': ['audience.ts', 'identity.ts', 'jwe.ts', 'sealed-types.ts'],
  'oauth/sign-in/': ['address-step.ts', 'consent-choices.ts', 'sign-in.ts'],
  'settings/': ['config.ts', 'minting-keys.ts', 'version.ts'],
  'state/': ['open-state.ts', 'semaphore.ts', 'state.ts'],
  'text/': [
    'base-subject.ts',
    'cut-text.ts',
    'did-you-mean.ts',
    'fold-quotes.ts',
    'link-hosts.ts',
    'links.ts',
    'name-escapes.ts',
    'time-span.ts',
    'new-text.ts',
    'questions.ts',
    'split-draft.ts',
    'time.ts',
    'time-zone.ts',
    'visible-markup.ts',
    'visible-text.ts',
  ],
  'web/': ['fetch-file.ts', 'guarded-https.ts', 'one-click.ts', 'public-address.ts'],
  'workers/': ['event-loop.ts', 'grouped-jobs.ts', 'workers.ts'],
};

/** The files that may import each library. A library that is not in this list may not be imported. */
const ENTRY_POINTS: Record<string, string[]> = {
  '@aws-sdk/client-s3': ['attachments/check-bucket.ts', 'attachments/s3.ts', 'attachments/s3-upload.ts'],
  '@aws-sdk/s3-request-presigner': ['attachments/s3.ts'],
  '@modelcontextprotocol/server': ['mcp/endpoint/'],
  '@inquirer/input': ['commands/terminal.ts'],
  '@inquirer/password': ['commands/terminal.ts'],
  cborg: ['oauth/sealed/packing.ts'],
  commander: ['cli.ts'],
  'content-disposition': ['attachments/'],
  colord: ['mail/html/computed-style.ts', 'oauth/pages/accent.ts'],
  'colord/plugins/a11y': ['oauth/pages/accent.ts'],
  'colord/plugins/mix': ['oauth/pages/accent.ts'],
  'colord/plugins/names': ['mail/html/computed-style.ts'],
  cors: ['oauth/http/cors.ts'],
  'css-select': ['mail/html/selectors.ts'],
  'css-tree': ['mail/html/'],
  'css-tree/parser': ['mail/html/style-sheets.ts'],
  'css-what': ['mail/html/selectors.ts'],
  'damerau-levenshtein': ['text/did-you-mean.ts'],
  domhandler: ['mail/html/'],
  domutils: ['mail/html/selectors.ts'],
  eta: ['oauth/pages/pages.ts'],
  // The build for Node imports worker threads, which are out of reach there.
  'fflate/browser': ['extraction/office/zip.ts'],
  express: [
    'app/',
    'connections/connections.ts',
    'minting/admin-clients.ts',
    'minting/admin-page.ts',
    'minting/admin-session.ts',
    'oauth/',
    'mcp/endpoint/endpoint.ts',
    'attachments/links.ts',
  ],
  helmet: ['app/app.ts'],
  'ical.js': ['mail/parts/calendar-components.ts', 'mail/parts/write-calendar.ts'],
  'iconv-lite': ['mail/'],
  imapflow: ['mail/imap/transport.ts'],
  // A table of mailbox names in many languages; the connection does not need it.
  'imapflow/lib/special-use.js': ['mail/mailbox/roles.ts'],
  ioredis: ['state/redis.ts'],
  'ipaddr.js': ['oauth/http/address-block.ts', 'web/public-address.ts'],
  jose: ['oauth/sealed/jwe.ts', 'oauth/upstream/approval.ts'],
  libmime: ['mail/'],
  // Four of its parts, each with entry points of its own. The package as a whole may not be imported.
  'nodemailer/lib/addressparser': ['mail/mime/addresses.ts'],
  'nodemailer/lib/mail-composer': ['mail/send/compose.ts'],
  'nodemailer/lib/mime-funcs': ['mail/send/compose.ts'],
  'nodemailer/lib/smtp-connection': ['mail/send/smtp.ts', 'mail/send/smtp-login.ts'],
  'openid-client': ['oauth/upstream/provider-client.ts'],
  parse5: ['mail/html/parse-html.ts'],
  'parse5-htmlparser2-tree-adapter': ['mail/html/parse-html.ts'],
  pino: ['log.ts'],
  piscina: ['workers/workers.ts'],
  'rate-limiter-flexible': ['state/'],
  saxes: ['extraction/office/xml.ts'],
  tldts: ['mail/sender/domains.ts', 'text/link-hosts.ts'],
  unhomoglyph: ['mail/sender/visual-form.ts'],
  unpdf: ['extraction/pdf/pdf.ts'],
  'windows-iana': ['mail/parts/time-zones.ts'],
  zod: ['*'],
};

interface Import {
  /** Path below src/. */
  from: string;
  /** Path below src/ of one of our files, otherwise the specifier. */
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
  const narrower = Object.entries(NARROWER).filter(([place]) => isIn(from, [place]));
  return layerOf(to) <= layerOf(from) || narrower.some(([, allowed]) => !isIn(to, allowed));
}

function bypassesFace({ from, to, isOurs }: Import): boolean {
  const folder = `${posix.dirname(to)}/`;
  const face = FACES[folder];
  return isOurs && face !== undefined && !from.startsWith(folder) && !face.includes(posix.basename(to));
}

function bypassesEntryPoint({ from, to, isOurs }: Import): boolean {
  if (isOurs || to.startsWith('node:')) return false;
  const [scope = '', name] = to.split('/');
  const library = scope.startsWith('@') ? `${scope}/${name}` : scope;
  return !isIn(from, ENTRY_POINTS[to] ?? ENTRY_POINTS[library] ?? []);
}

/** The files of the first circle of imports, or an empty list. */
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

const listed = (arrows: Import[]) => arrows.map(({ from, to }) => `${from} → ${to}`);

describe('the layers of src/', () => {
  test('every file has a layer', () => {
    expect(sources.size).toBeGreaterThan(0);
    expect([...sources.keys()].filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  test('imports go downwards', () => {
    expect(listed(imports.filter((arrow) => arrow.isOurs && isUpward(arrow)))).toEqual([]);
  });

  test('from outside a folder only its face is imported', () => {
    expect(listed(imports.filter(bypassesFace))).toEqual([]);
  });

  test('each file of a face exists and is imported from outside', () => {
    const outside = imports.filter(({ from, to }) => !from.startsWith(`${posix.dirname(to)}/`)).map(({ to }) => to);
    const unused = Object.entries(FACES).flatMap(([folder, files]) =>
      files.map((file) => `${folder}${file}`).filter((file) => !outside.includes(file)),
    );
    expect(unused).toEqual([]);
  });

  test('no imports go in a circle', () => {
    expect(firstCircle(imports)).toEqual([]);
  });

  test('each library is imported by its entry points only', () => {
    expect(listed(imports.filter(bypassesEntryPoint))).toEqual([]);
  });

  test('each entry point is in use', () => {
    const used = imports.map(({ to }) => to);
    const unused = Object.keys(ENTRY_POINTS).filter(
      (name) => !used.some((to) => to === name || to.startsWith(`${name}/`)),
    );
    expect(unused).toEqual([]);
  });

  test.each(['src', 'test'])(
    'in %s no folder has more than 20 files, and no name occurs twice in a first-level folder',
    (root) => {
      const files = globSync('**/*.ts', { cwd: join(import.meta.dirname, '..', root) });
      const sizes = Map.groupBy(files, (file) => posix.dirname(file));
      expect([...sizes].filter(([, { length }]) => length > 20).map(([folder]) => folder)).toEqual([]);
      const names = files
        .filter((file) => file.includes('/'))
        .map((file) => `${file.split('/')[0]}: ${posix.basename(file)}`);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    },
  );

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

describe('the rules detect', () => {
  test.each([
    ['an import of the layer above', 'mail/pool/pool.ts', "import { createApp } from '../../app/app.ts';"],
    [
      'an import of the neighbouring area',
      'mcp/catalog.ts',
      "import type {\n  Grant,\n} from '../oauth/bearer/bearer.ts';",
    ],
    ['an import of the folder above', 'mail/imap/transport.ts', "import { createImapPool } from '../pool/pool.ts';"],
    [
      'an import of the neighbouring folder',
      'mail/mime/dates.ts',
      "import { listMailboxes } from '../mailbox/list-mailboxes.ts';",
    ],
    [
      'more of mail than its account',
      'oauth/endpoints/authorize.ts',
      "export { createImapPool } from '../../mail/pool/pool.ts';",
    ],
    ['an import that is a call', 'state/memory.ts', "const { readConfig } = await import('../settings/config.ts');"],
  ])('%s', (_what, file, source) => {
    expect(importsOf(file, source).filter(isUpward)).toHaveLength(1);
  });

  test.each([
    [
      'a library imported by a file that is no entry point',
      'mail/pool/pool.ts',
      "import { ImapFlow } from 'imapflow';",
    ],
    [
      'the whole of a library of which only parts are used',
      'mail/send/smtp.ts',
      "import nodemailer from 'nodemailer';",
    ],
    ['a part of a library', 'mcp/tools/mail.ts', "import type { McpServer } from '@modelcontextprotocol/server/mcp';"],
    ['a library that no entry allows', 'app/app.ts', "import 'lodash';"],
  ])('%s', (_what, file, source) => {
    expect(importsOf(file, source).filter(bypassesEntryPoint)).toHaveLength(1);
  });

  test('a file behind the face of a folder', () => {
    const source = "import { runCommand } from '../imap/command-runner.ts';";
    expect(importsOf('mail/pool/pool.ts', source).filter(bypassesFace)).toHaveLength(1);
    expect(importsOf('mail/imap/imap-connection.ts', source).filter(bypassesFace)).toHaveLength(0);
  });

  test('a circle of imports', () => {
    const circle = [...importsOf('a.ts', "import './b.ts';"), ...importsOf('b.ts', "import type { A } from './a.ts';")];
    expect(firstCircle(circle)).toEqual(['a.ts', 'b.ts', 'a.ts']);
  });
});
