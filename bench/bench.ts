/**
 * `npm run bench`: measures the server, with imapflow measured in the same run for comparison, and checks its goals. Writes
 * results.json, shield.json, finding.json and tasks.json, from which `npm run docs` generates the tables in docs/benchmarks.md. `--quick` does less and
 * writes nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import process from 'node:process';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parseArgs } from 'node:util';
import type { TestServers } from '../test/support/servers/servers.ts';
import { makeScratch, startServers } from '../test/support/servers/start-servers.ts';
import { attachments, attachmentsInS3, s3Environment } from './attachments.ts';
import { type BenchContext, withBenchContext } from './bench-context.ts';
import { coldCalls, cpuOfCalls, prepare, warmCalls } from './calls.ts';
import { finding } from './finding/finding.ts';
import { fuzz } from './fuzz.ts';
import { createLargeMailbox, largeMailbox, manyAccounts, manyCallers } from './growth.ts';
import { measurePeer } from './peer.ts';
import { publishedLists } from './published-lists.ts';
import { isMet, type Results, type Row, toTable } from './row.ts';
import { startBenchServer } from './server.ts';
import { shield } from './shield.ts';
import { runTasks } from './tasks/run-tasks.ts';
import { type TaskResults, taskReport } from './tasks/task-report.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** Numbers of goals, separated by commas. */
    only: { type: 'string' },
    /** Goal 9: also searches a folder with 100,000 messages. */
    large: { type: 'boolean', default: false },
    /** Everyday requests instead of goals. */
    tasks: { type: 'boolean', default: false },
    peer: { type: 'string' },
    'peer-calls': { type: 'string' },
    /** Goal 7: calls of the second person during each hostile input. */
    calls: { type: 'string', default: '1000' },
    /** Goal 7: a pattern for the names of the hostile inputs. */
    inputs: { type: 'string', default: '' },
    /** Minutes in which the fuzzer looks for worse inputs, which goal 7 measures from then on. */
    fuzz: { type: 'string' },
    /** A clause about the conditions, for the report: `while other programs ran`. */
    note: { type: 'string' },
  },
});

const isWanted = (item: number): boolean => flags.only?.split(',').includes(`${item}`) ?? true;

async function measure(context: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  {
    await using server = await startBenchServer(context.servers.ca);
    const prepared = await prepare(context);
    if (isWanted(1)) rows.push(...(await warmCalls(server, context, prepared)));
    if (isWanted(2)) rows.push(...(await coldCalls(server, context)));
    if (isWanted(3)) rows.push(...(await cpuOfCalls(server, context, prepared)));
    if (isWanted(4) || isWanted(6)) {
      const large = await createLargeMailbox(server, context);
      if (isWanted(4)) rows.push(...(await largeMailbox(server, context, large)));
      if (isWanted(6)) rows.push(...(await manyCallers(server, context, large)));
    }
  }
  if (isWanted(5)) {
    for (const [part, environment] of [
      [manyAccounts, {}],
      [attachments, {}],
      [attachmentsInS3, s3Environment(context.servers)],
    ] as const) {
      await using server = await startBenchServer(context.servers.ca, environment);
      rows.push(...(await part(server, context)));
    }
  }
  if (isWanted(7))
    rows.push(...(await shield(context, { calls: Number(flags.calls), only: new RegExp(flags.inputs) })));
  if (isWanted(8)) rows.push(...publishedLists());
  if (isWanted(9)) rows.push(...(await finding(context, { isLarge: flags.large })));
  return rows.toSorted((a, b) => a.item - b.item);
}

async function runBench(servers: TestServers): Promise<void> {
  const { peer } = flags;
  if (flags.tasks) return measureTasks(servers);
  if (flags.fuzz !== undefined) {
    return withBenchContext(servers, flags.quick, (context) => fuzz(context, Number(flags.fuzz)));
  }
  const rows = await withBenchContext(servers, flags.quick, (context) =>
    peer === undefined ? measure(context) : measurePeer(context, peer, flags['peer-calls']),
  );
  console.log(
    `\n${toTable(rows, peer === undefined ? undefined : 'peer')}\n\n${rows.filter((row) => !isMet(row)).length} of ${rows.length} goals missed`,
  );
  const isWhole = flags.only === undefined || (flags.only in OWN_FILES && flags.inputs === '');
  if (!flags.quick && peer === undefined && isWhole) await writeResults(rows);
}

async function measureTasks(servers: TestServers): Promise<void> {
  const tasks = await runTasks(servers);
  const lists = Object.fromEntries(
    publishedLists().map(({ name, ours }) => [name.replace('published list of ', ''), ours]),
  );
  const results: TaskResults = { tasks, lists };
  console.log(`\n${taskReport(results)}`);
  if (tasks.some(({ failure }) => failure !== null)) process.exitCode = 1;
  else if (!flags.quick) await writeReport('tasks', results);
}

/** Goals whose results have files of their own, by number: they can be measured alone. */
const OWN_FILES: Readonly<Record<string, string>> = { 7: 'shield', 9: 'finding' };

async function writeResults(rows: readonly Row[]): Promise<void> {
  const [cpu] = cpus();
  const measured = {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpu?.model.trim() ?? 'unknown', cores: cpus().length, node: process.versions.node },
  };
  const clauses = [`${Number(flags.calls).toLocaleString('en')} calls beside each input`, flags.note];
  const note = clauses.filter((clause) => clause !== undefined).join('; ');
  const byFile = Map.groupBy(rows, ({ item }) => OWN_FILES[item] ?? 'results');
  for (const [file, ofFile] of byFile) {
    const conditions = file === 'shield' ? { ...measured, note } : measured;
    await writeReport(file, { ...conditions, rows: ofFile });
  }
}

/** Writes the results, and the document with them. */
async function writeReport(name: string, results: Results | TaskResults): Promise<void> {
  await writeFile(new URL(`./${name}.json`, import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  spawnSync(process.execPath, ['scripts/docs.ts'], { stdio: 'inherit' });
}

const scratch = await makeScratch();
const { servers, stop } = await startServers(scratch);
setDefaultCACertificates([...getCACertificates('default'), await readFile(servers.ca, 'utf8')]);
try {
  await runBench(servers);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stop();
  await rm(scratch, { recursive: true, force: true });
}
