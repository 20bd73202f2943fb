/** Writes the generated tables of the documents; with `--check` only reports whether they are up to date. */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Results, report } from '../bench/row.ts';
import { TaskResults, taskReport } from '../bench/tasks/task-report.ts';
import { createProgram } from '../src/cli.ts';
import { MAIL_PROVIDERS } from '../src/mail/providers.ts';
import { limitTable, toolTable } from '../src/mcp/reference.ts';
import { mailTools } from '../src/mcp/tools/mail.ts';
import { missiveTools } from '../src/mcp/tools/missive.ts';
import { PRESETS } from '../src/oauth/client/presets.ts';
import { sealedTable } from '../src/oauth/sealed/sealed-table.ts';
import { tokenSizeTable } from '../src/oauth/sealed/token-sizes.ts';
import { ENVIRONMENT, isSecret } from '../src/settings/environment.ts';
import { codeMap } from './code-map.ts';
import { requirements, requirementTable } from './requirements.ts';

const required = requirements();

const LOGIN_WORDS = { password: 'password', app_password: 'app password', sign_in: 'sign-in at the provider' } as const;

/** The generated blocks by name. Each is in exactly one document, between `<!-- generated: NAME -->` and `<!-- end -->`. */
const BLOCKS: Readonly<Record<string, string>> = {
  tools: toolTable(mailTools),
  'missive-tools': toolTable(missiveTools),
  limits: limitTable(mailTools),
  'missive-limits': limitTable(missiveTools),
  environment: environmentTable(),
  flags: flagTable('generate'),
  presets: presetTable(),
  'mail-providers': mailProviderTable(),
  // Only formatted here: `npm run bench` measures.
  bench: reportOf('results', (measured) => report(Results.parse(measured))),
  shield: reportOf('shield', (measured) => report(Results.parse(measured))),
  finding: reportOf('finding', (measured) => report(Results.parse(measured))),
  tasks: reportOf('tasks', (measured) => taskReport(TaskResults.parse(measured))),
  requirements: requirementTable(required),
  sealed: sealedTable(),
  'token-sizes': tokenSizeTable(),
  'code-map': codeMap(),
};

function reportOf(name: string, toReport: (measured: unknown) => string): string {
  const file = new URL(`../bench/${name}.json`, import.meta.url);
  return existsSync(file) ? toReport(JSON.parse(readFileSync(file, 'utf8'))) : 'Not measured yet.';
}

function environmentTable(): string {
  const rows = Object.entries(ENVIRONMENT.shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    const isShown = unset.success && ['string', 'number', 'boolean'].includes(typeof unset.data) && unset.data !== '';
    const standard = isShown ? `\`${unset.data}\`` : '';
    const inFile = isSecret(schema) ? ` Or \`${name}_FILE\`: the path of a file with it.` : '';
    return `| \`${name}\` | ${unset.success ? standard : 'required'} | ${schema.description ?? ''}${inFile} |`;
  });
  return ['| Variable | Default | Description |', '|---|---|---|', ...rows].join('\n');
}

function flagTable(command: string): string {
  const { options } = find(command);
  const rows = options.map(({ flags, description }) => `| \`${flags}\` | ${description} |`);
  return ['| Flag | Description |', '|---|---|', ...rows].join('\n');
}

function find(name: string) {
  const command = createProgram({}, { out: () => {}, err: () => {} }).commands.find((each) => each.name() === name);
  if (command === undefined) throw new Error(`There is no command ${name}`);
  return command;
}

function presetTable(): string {
  const rows = Object.entries(PRESETS).map(
    ([name, { title, redirectUris, kind }]) =>
      `| \`${name}\` | ${title} | ${redirectUris.map((uri) => `\`${uri}\``).join('<br>') || 'add `--redirect-uri`'} | ${kind} |`,
  );
  return ['| Preset | Client | Redirect URIs | Kind |', '|---|---|---|---|', ...rows].join('\n');
}

function mailProviderTable(): string {
  const rows = MAIL_PROVIDERS.map(({ id, imap, smtp, login, word, appPasswordUrl, checkedOn, source }) => {
    const [imapServer, smtpServer] = [imap, smtp].map(({ host, port, security }) => `${host}:${port} (${security})`);
    const how = word === undefined ? LOGIN_WORDS[login] : `${LOGIN_WORDS[login]} (${word})`;
    const linked = appPasswordUrl === undefined ? how : `[${how}](${appPasswordUrl})`;
    return `| \`${id}\` | ${imapServer} | ${smtpServer} | ${linked} | [${new URL(source).host}](${source}) | ${checkedOn} |`;
  });
  return ['| Name | IMAP | SMTP | Login | Source | Checked on |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

const ROOT = new URL('../', import.meta.url).pathname;
const BLOCK = /(<!-- generated: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The document with its blocks written anew; the names of the blocks are added to `found`. */
function withGeneratedBlocks(file: string, text: string, found: string[]): string {
  const markers = text.match(/^<!-- generated: /gm)?.length ?? 0;
  const before = found.length;
  const after = text.replace(BLOCK, (whole, start: string, name: string, end: string) => {
    found.push(name);
    const table = BLOCKS[name];
    if (table === undefined) fail(`${file} has a block ${name}, which nothing generates.`);
    return table === undefined ? whole : `${start}${table}\n${end}`;
  });
  if (found.length - before !== markers) fail(`${file} has a block without an end.`);
  return after;
}

const isCheck = process.argv.includes('--check');
const found: string[] = [];
for (const file of globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort()) {
  const before = readFileSync(`${ROOT}${file}`, 'utf8');
  const after = withGeneratedBlocks(file, before, found);
  if (before === after) continue;
  if (isCheck) fail(`${file} is out of date: run npm run docs.`);
  else writeFileSync(`${ROOT}${file}`, after);
}
for (const name of Object.keys(BLOCKS)) {
  const places = found.filter((one) => one === name).length;
  if (places !== 1) fail(`The block ${name} is in ${places} documents instead of one.`);
}

for (const { id, level, tests } of required) {
  if (!isCheck) process.stdout.write(`${id} ${level}: ${tests.join(' · ') || 'no test'}\n`);
  if (level === 'MUST' && tests.length === 0) fail(`${id} is required, and no test has it in its name.`);
}

function fail(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
