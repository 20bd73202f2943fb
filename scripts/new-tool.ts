/**
 * `npm run new:tool NAME`: writes the declaration of a mail tool, its test, the snapshot of its published schema and its entry in the list.
 * What it writes compiles and passes; `input`, `output` and `run` are then replaced.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { declaration, listEntry, type NewTool, serversTest, toNewTool } from './tool-template.ts';

const ROOT = join(import.meta.dirname, '..');
const LIST = 'src/mcp/tools/mail.ts';

/** Creates a file. @throws {Error} if it exists */
function create(path: string, content: string): void {
  const file = join(ROOT, path);
  if (existsSync(file)) throw new Error(`${path} exists already.`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(`wrote   ${path}`);
}

/** Runs a program of the project; its output is printed if it fails. @throws {Error} if it fails */
function run(program: string, args: readonly string[]): void {
  const bin = join(ROOT, 'node_modules', '.bin', program);
  const { status, stdout, stderr } = spawnSync(bin, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

function writeTool(tool: NewTool): void {
  const files = [`src/mcp/tools/mail/${tool.file}.ts`, `test/mcp/tools/mail/${tool.file}.servers.test.ts`] as const;
  create(files[0], declaration(tool));
  create(files[1], serversTest(tool));
  writeFileSync(join(ROOT, LIST), listEntry(readFileSync(join(ROOT, LIST), 'utf8'), tool));
  console.log(`changed ${LIST}`);
  run('biome', ['check', '--write', ...files, LIST]);
  run('vitest', ['run', '--project=unit', '--update', 'test/mcp/tools/mail.test.ts']);
  console.log(`wrote   test/mcp/snapshots/mail/${tool.name}.json`);
}

try {
  const { positionals } = parseArgs({ allowPositionals: true });
  writeTool(toNewTool(positionals));
  console.log('Next: replace description, input, output and run; then npm run docs and npm run check.');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
