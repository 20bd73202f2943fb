/** Writes the generated tables of README and docs; with `--check` only says whether they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Results, report } from '../bench/row.ts';
import { program } from '../src/cli.ts';
import { limitTable, toolTable } from '../src/mcp/reference.ts';
import { mailTools } from '../src/mcp/tools/mail.ts';
import { missiveTools } from '../src/mcp/tools/missive.ts';
import { presets } from '../src/oauth/client/presets.ts';
import { ENVIRONMENT } from '../src/settings/environment.ts';
import { requirements, requirementTable } from './requirements.ts';

const README = 'README.md';
const REQUIREMENTS = 'docs/requirements.md';

const required = requirements();

/** The generated blocks of each file, by name. */
const tables: Record<string, Record<string, string>> = {
  [README]: {
    tools: toolTable(mailTools),
    'missive-tools': toolTable(missiveTools),
    limits: limitTable(mailTools),
    environment: environmentTable(),
    flags: flagTable('generate'),
    presets: presetTable(),
    // Only put into words here: `npm run bench` measures.
    bench: report(Results.parse(JSON.parse(readFileSync(new URL('../bench/results.json', import.meta.url), 'utf8')))),
  },
  [REQUIREMENTS]: { requirements: requirementTable(required) },
};

function environmentTable(): string {
  const rows = Object.entries(ENVIRONMENT.shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    const isShown = unset.success && ['string', 'number', 'boolean'].includes(typeof unset.data) && unset.data !== '';
    const standard = isShown ? `\`${unset.data}\`` : '';
    return `| \`${name}\` | ${unset.success ? standard : 'required'} | ${schema.description ?? ''} |`;
  });
  return ['| Variable | Default | Description |', '|---|---|---|', ...rows].join('\n');
}

function flagTable(command: string): string {
  const { options } = find(command);
  const rows = options.map(({ flags, description }) => `| \`${flags}\` | ${description} |`);
  return ['| Flag | Description |', '|---|---|', ...rows].join('\n');
}

function find(name: string) {
  const command = program({}, { out: () => {}, err: () => {} }).commands.find((each) => each.name() === name);
  if (command === undefined) throw new Error(`There is no command ${name}`);
  return command;
}

function presetTable(): string {
  const rows = Object.entries(presets).map(
    ([name, { title, redirectUris, kind }]) =>
      `| \`${name}\` | ${title} | ${redirectUris.map((uri) => `\`${uri}\``).join('<br>') || 'add `--redirect-uri`'} | ${kind} |`,
  );
  return ['| Preset | Client | Redirect URIs | Kind |', '|---|---|---|---|', ...rows].join('\n');
}

const pathOf = (file: string) => new URL(`../${file}`, import.meta.url);

/** The file with its blocks made anew. */
function generated(file: string, text: string): string {
  return Object.entries(tables[file] ?? {}).reduce((sofar, [name, table]) => {
    const block = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (!block.test(sofar)) throw new Error(`${file} has no block for ${name}`);
    return sofar.replace(block, (_, start: string, end: string) => `${start}${table}\n${end}`);
  }, text);
}

const isCheck = process.argv.includes('--check');
for (const file of Object.keys(tables)) {
  const before = readFileSync(pathOf(file), 'utf8');
  const after = generated(file, before);
  if (!isCheck) writeFileSync(pathOf(file), after);
  else if (before !== after) fail(`${file} is out of date: run npm run docs.`);
}

for (const { id, level, tests } of required) {
  if (!isCheck) process.stdout.write(`${id} ${level}: ${tests.join(' · ') || 'no test'}\n`);
  if (level === 'MUST' && tests.length === 0) fail(`${id} is required, and no test has it in its name.`);
}

function fail(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
