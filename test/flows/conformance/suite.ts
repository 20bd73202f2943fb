/** The official conformance suite as a child process, and what it found. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Check = z.object({
  id: z.string(),
  status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
  errorMessage: z.string().default(''),
});

/** One check of one scenario; several may have the same name. */
export interface Finding {
  /** `scenario:check`. */
  name: string;
  status: z.output<typeof Check>['status'];
  /** Why it failed. */
  message: string;
}

export interface SuiteRun {
  findings: Finding[];
  /** Everything it printed. */
  output: string;
}

/** It gives a person five minutes to sign in; here the person is quick. */
const LIMIT_MS = 120_000;

/**
 * Runs one command of the suite to its end.
 *
 * @param onOutput hears what has been printed so far, each time that something was
 * @throws {Error} with what it printed if it left no findings
 */
export async function runSuite(args: string[], onOutput: (output: string) => void = () => {}): Promise<SuiteRun> {
  const folder = await mkdtemp(join(tmpdir(), 'mail-mcp-conformance-'));
  try {
    const output = await run([...args, '--output-dir', folder], onOutput);
    const findings = await findingsIn(folder);
    if (findings.length === 0) throw new Error(`The conformance suite ran nothing:\n${output}`);
    return { findings, output };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(args: string[], onOutput: (output: string) => void): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
  const program = join(dirname(manifest), 'dist', 'index.js');
  // Loopback only: the suite has no other business.
  const child = spawn(process.execPath, [program, ...args], { timeout: LIMIT_MS, env: { PATH: process.env.PATH } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(output);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

/** Each scenario leaves a folder `server-<scenario>-<time>` or `authorization-server-<scenario>-<time>` with its checks. */
async function findingsIn(folder: string): Promise<Finding[]> {
  const scenarios = (await readdir(folder)).sort();
  const found = scenarios.map(async (name) => {
    const scenario = name.replace(/^(authorization-)?server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
    const checks = z.array(Check).parse(JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')));
    return checks.map(({ id, status, errorMessage }) => ({ name: `${scenario}:${id}`, status, message: errorMessage }));
  });
  return (await Promise.all(found)).flat();
}
