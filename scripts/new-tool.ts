/**
 * `npm run new:tool NAME`: writes the declaration of a mail tool, its test, the snapshot of its published schema and its entries in the list
 * of tools, in the table of powers and in the documents. What it writes passes; `input`, `output` and `run` are then replaced.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCatalog } from '../src/mcp/catalog.ts';
import { powerOf } from '../src/mcp/permit/permit.ts';
import { UNLIMITED } from '../src/policy.ts';
import { declaration, listEntry, type NewTool, powerEntry, serversTest, toNewTool } from './tool-template.ts';

const ROOT = join(import.meta.dirname, '..');
const LIST = 'src/mcp/tools/mail.ts';
const POWERS = 'test/mcp/permit/permit.test.ts';

/** Creates a file. @throws {Error} if it exists */
function create(path: string, content: string): void {
  const file = join(ROOT, path);
  if (existsSync(file)) throw new Error(`${path} exists already.`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(`wrote   ${path}`);
}

function change(path: string, edit: (source: string) => string): void {
  const file = join(ROOT, path);
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
  console.log(`changed ${path}`);
}

/** Runs a program; its output is printed if it fails. @throws {Error} if it fails */
function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

async function writeTool(tool: NewTool): Promise<void> {
  const code = `src/mcp/tools/mail/${tool.file}.ts`;
  const test = `test/mcp/tools/mail/${tool.file}.servers.test.ts`;
  create(code, declaration(tool));
  create(test, serversTest(tool));
  change(LIST, (source) => listEntry(source, tool));
  run(join(ROOT, 'node_modules', '.bin', 'biome'), ['check', '--write', code, test, LIST]);
  // Read from the declaration, now that it is listed.
  const { mailTools } = await import('../src/mcp/tools/mail.ts');
  const listing = createCatalog(mailTools)
    .list(UNLIMITED)
    .find(({ name }) => name === tool.name);
  const declared = mailTools.find(({ name }) => name === tool.name);
  if (listing === undefined || declared === undefined) throw new Error(`${tool.name} is not in ${LIST}.`);
  create(`test/mcp/snapshots/mail/${tool.name}.json`, `${JSON.stringify(listing, null, 2)}\n`);
  change(POWERS, (source) => powerEntry(source, tool.name, powerOf(declared)));
  run(process.execPath, ['scripts/docs.ts']);
  console.log('changed docs/tools.md');
}

try {
  const { positionals } = parseArgs({ allowPositionals: true });
  await writeTool(toNewTool(positionals));
  console.log(
    'Next: replace description, input, output and run. Afterwards: npm run docs, vitest --update, npm run check.',
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
