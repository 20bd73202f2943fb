/** Runs the official conformance suite as a child process and reads its findings. */
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
  /** Its whole output. */
  output: string;
}

/** Shorter than the five minutes in which the suite waits for a sign-in. */
const MAX_RUN_MS = 120_000;

/**
 * Runs one command of the suite to its end.
 *
 * @param onOutput receives the output so far whenever it grows
 * @throws {Error} with the output if there are no findings
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
  // The suite connects to loopback only.
  const child = spawn(process.execPath, [program, ...args], { timeout: MAX_RUN_MS, env: { PATH: process.env.PATH } });
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

/** Each scenario writes a folder `server-<scenario>-<time>` or `authorization-server-<scenario>-<time>` with its checks. */
async function findingsIn(folder: string): Promise<Finding[]> {
  const scenarios = (await readdir(folder)).sort();
  const found = scenarios.map(async (name) => {
    const scenario = name.replace(/^(authorization-)?server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
    const checks = z.array(Check).parse(JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')));
    return checks.map(({ id, status, errorMessage }) => ({ name: `${scenario}:${id}`, status, message: errorMessage }));
  });
  return (await Promise.all(found)).flat();
}
