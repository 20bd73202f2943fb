/** Writes the README's generated tables; with `--check` only says whether they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Results, report } from '../bench/row.ts';
import { program } from '../src/cli.ts';
import { ENVIRONMENT } from '../src/config.ts';
import { toolTable } from '../src/mcp/reference.ts';
import { mailTools } from '../src/mcp/tools/mail.ts';
import { presets } from '../src/oauth/presets.ts';

const README = new URL('../README.md', import.meta.url);

const tables: Record<string, string> = {
  tools: toolTable(mailTools),
  environment: environmentTable(),
  flags: flagTable('generate'),
  presets: presetTable(),
  // Only put into words here: `npm run bench` measures.
  bench: report(Results.parse(JSON.parse(readFileSync(new URL('../bench/results.json', import.meta.url), 'utf8')))),
};

function environmentTable(): string {
  const rows = Object.entries(ENVIRONMENT.shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    const standard = unset.success && unset.data !== undefined && String(unset.data) !== '' ? `\`${unset.data}\`` : '';
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
      `| \`${name}\` | ${title} | ${redirectUris.map((uri) => `\`${uri}\``).join('<br>')} | ${kind} |`,
  );
  return ['| Preset | Client | Redirect URIs | Kind |', '|---|---|---|---|', ...rows].join('\n');
}

const before = readFileSync(README, 'utf8');
const after = Object.entries(tables).reduce((text, [name, table]) => {
  const block = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
  if (!block.test(text)) throw new Error(`README.md has no block for ${name}`);
  return text.replace(block, (_, start: string, end: string) => `${start}${table}\n${end}`);
}, before);

if (process.argv.includes('--check')) {
  if (before !== after) {
    process.stderr.write('README.md is out of date: run npm run docs.\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(README, after);
}
