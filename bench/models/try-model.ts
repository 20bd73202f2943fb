/**
 * `npm run try:model`: lets language models use the server with a sample mailbox. Each run has a mailbox of its own and a directory with all
 * that a model is given: instructions, the published list of tools, and the command `call TOOL 'JSON'`. Every call is logged.
 */
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Client } from '@modelcontextprotocol/client';
import { makeScratch, startServers } from '../../test/support/servers/start-servers.ts';
import { startAcceptingSmtp } from '../everyday/accepting-smtp.ts';
import { everydayMailbox, type SampleMailbox } from '../everyday/everyday-mailbox.ts';
import { startSampleApp } from '../everyday/sample-app.ts';
import { createSampleAccount, readMailbox } from '../everyday/stored-mailbox.ts';
import { callText } from '../tasks/counted-caller.ts';
import { logCall, ModelCall, summaryOf } from './call-log.ts';

const { values: flags } = parseArgs({
  options: {
    /** A directory with `mailbox.json` and `mail/*.eml`; default: the everyday mailbox of the benchmarks. */
    mailbox: { type: 'string' },
    /** The directory for the runs; default: a new one. */
    out: { type: 'string' },
    runs: { type: 'string', default: '1' },
    /** Prints calls, tokens and errors of the runs in this directory, and ends. */
    summary: { type: 'string' },
  },
});

/** Writes what the model of a run is given. */
async function writeGiven(directory: string, { owner, now }: SampleMailbox, client: Client): Promise<void> {
  const { tools } = await client.listTools();
  const list = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const command = join(directory, 'call');
  const program = fileURLToPath(new URL('./call-tool.ts', import.meta.url));
  await writeFile(join(directory, 'tools.json'), `${JSON.stringify(list, null, 1)}\n`);
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${socketOf(directory)}' "$@"\n`);
  await chmod(command, 0o755);
  const lines = [
    `You are the assistant of ${owner.name} <${owner.email}>, whose mailbox you use through tools.`,
    `It is ${now.toISOString()}; the owner's time zone is ${owner.timeZone}.`,
    `The tools are in ${join(directory, 'tools.json')}. You have no others, and read no other files.`,
    `Call a tool: ${command} TOOL 'JSON of the arguments'`,
  ];
  await writeFile(join(directory, 'instructions.md'), `${lines.join('\n')}\n`);
}

const socketOf = (directory: string): string => join(directory, 'socket');
const logOf = (directory: string): string => `${directory}.log`;

/** Answers the command `call` of one run. */
async function serveCalls(directory: string, client: Client): Promise<Server> {
  const server = createServer(async (request, response) => {
    const call = ModelCall.parse(JSON.parse(await text(request)));
    const answer = await answerTo(client, call);
    await logCall(logOf(directory), call, answer);
    response.end(JSON.stringify(answer));
  });
  server.listen(socketOf(directory));
  await once(server, 'listening');
  return server;
}

async function answerTo(client: Client, { tool, json }: ModelCall): Promise<{ text: string; isError: boolean }> {
  let args: unknown;
  try {
    args = JSON.parse(json);
  } catch (error) {
    return { text: `The arguments are not JSON: ${error instanceof Error ? error.message : error}`, isError: true };
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    return { text: 'The arguments are not a JSON object.', isError: true };
  }
  return callText(client, tool, { ...args });
}

/** @returns the directories of the runs, when a signal has ended them */
async function serveRuns(ca: string, servers: Awaited<ReturnType<typeof startServers>>['servers']): Promise<string[]> {
  setDefaultCACertificates([...getCACertificates('default'), await readFile(ca, 'utf8')]);
  const mailbox = flags.mailbox === undefined ? await everydayMailbox() : await readMailbox(flags.mailbox);
  const out = resolve(flags.out ?? (await mkdtemp(join(tmpdir(), 'mail-mcp-models-'))));
  await using smtp = await startAcceptingSmtp(servers);
  await using app = await startSampleApp(mailbox);
  const directories: string[] = [];
  const listening: Server[] = [];
  for (let run = 1; run <= Number(flags.runs); run += 1) {
    const directory = join(out, `run-${run}`);
    await mkdir(directory, { recursive: true });
    await rm(socketOf(directory), { force: true });
    const { client } = await app.assistant(await createSampleAccount(mailbox, smtp.servers));
    await writeGiven(directory, mailbox, client);
    listening.push(await serveCalls(directory, client));
    directories.push(directory);
    console.log(`${join(directory, 'instructions.md')}  (log: ${logOf(directory)})`);
  }
  console.log(`Ends with: kill ${process.pid}`);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  for (const server of listening) server.close();
  return directories;
}

async function serve(): Promise<void> {
  const scratch = await makeScratch();
  const { servers, stop } = await startServers(scratch);
  try {
    for (const directory of await serveRuns(servers.ca, servers)) console.log(await summaryOf(logOf(directory)));
  } finally {
    await stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function printSummaries(out: string): Promise<void> {
  for (let run = 1; ; run += 1) {
    const summary = await summaryOf(logOf(join(out, `run-${run}`)));
    if (summary === undefined) return;
    console.log(summary);
  }
}

await (flags.summary === undefined ? serve() : printSummaries(flags.summary));
