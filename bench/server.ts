/** Starts the measured server as a separate process, whose CPU time and memory can be read, and connects callers to it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { MailAccount } from '../src/mail/account.ts';
import { createKeyring, randomId } from '../src/oauth/sealed/jwe.ts';
import { createTokens } from '../src/oauth/sealed/sealed-types.ts';
import { SCOPES } from '../src/policy.ts';
import { waitUntil } from '../test/support/app/wait-until.ts';
import { passwordOf } from '../test/support/mail/accounts.ts';
import { freePort } from '../test/support/servers/ports.ts';

/** Calls a tool or another method of the server. @throws if the answer is an error */
export type Call = (method: string, params: object) => Promise<Record<string, unknown>>;

/** Protocol era: 2026 has the version in every message, 2025 does not. */
type Era = '2025' | '2026';

export interface BenchServer extends AsyncDisposable {
  origin: string;
  /** A caller with a token that was issued elsewhere: the process holds no connection for the account. */
  connect(account: MailAccount, era?: Era): Promise<Call>;
  /** A token for the account. */
  tokenFor(account: MailAccount): Promise<string>;
  /** CPU time so far, in milliseconds, with a resolution of 10 ms. */
  cpuMs(): number;
  /** Resident memory, in MB (10⁶ bytes). */
  rssMb(): number;
}

/**
 * @param ca file with the CA certificate of the mail servers
 * @param environment added to the required variables
 * @param memoryMb limit of a control group for the process, in MiB
 */
export async function startBenchServer(
  ca: string,
  environment: NodeJS.ProcessEnv = {},
  memoryMb?: number,
): Promise<BenchServer> {
  const port = await freePort();
  const key = randomBytes(32);
  const origin = `http://localhost:${port}`;
  const program = [process.execPath, fileURLToPath(new URL('../bin/mail-mcp', import.meta.url)), 'server'];
  const [command = '', ...args] = memoryMb === undefined ? program : withinMemory(memoryMb, program);
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: ca,
      BASE_URL: origin,
      PORT: `${port}`,
      ENCRYPTION_KEY: key.toString('base64'),
      ...environment,
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  await waitUntil(20_000, async () => (await fetch(`${origin}/health`)).ok);
  const { pid = 0 } = child;
  const { access } = createTokens(createKeyring({ current: key, previous: [] }));
  const tokenFor = (account: MailAccount) => access.seal(toAccessPayload(account, origin), new Date());
  return {
    origin,
    tokenFor,
    async connect(account, era = '2025') {
      const token = await tokenFor(account);
      const to = { port, agent, token };
      if (era === '2025') return (method, params) => post(to, { jsonrpc: '2.0', id: 1, method, params });
      return (method, params) => {
        const name = 'name' in params ? { 'mcp-name': `${params.name}` } : {};
        const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': method, ...name };
        return post({ ...to, headers }, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: ENVELOPE } });
      };
    },
    cpuMs: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    rssMb: () => (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await stopProcess(child);
    },
  };
}

/** Starts a program within a control group of its own (version 1 or 2), which has no swap. */
function withinMemory(memoryMb: number, program: readonly string[]): string[] {
  const isFirst = existsSync('/sys/fs/cgroup/memory');
  const group = `${isFirst ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup'}/mail-mcp-bench-${process.pid}`;
  mkdirSync(group, { recursive: true });
  writeFileSync(`${group}/${isFirst ? 'memory.limit_in_bytes' : 'memory.max'}`, `${memoryMb * 1024 * 1024}`);
  return ['sh', '-c', `echo $$ > ${group}/cgroup.procs; exec "$@"`, 'sh', ...program];
}

/** The payload that the token endpoint would seal for the account. */
function toAccessPayload({ fullName, email, imap, smtp }: MailAccount, origin: string) {
  const { username } = imap.login;
  const password = passwordOf(imap.login);
  return {
    iss: origin,
    aud: `${origin}/mcp`,
    sub: createHash('sha256').update(username).digest('base64url'),
    gid: randomId(),
    granted_at: Math.floor(Date.now() / 1000),
    client: { jti: randomId(), name: 'bench' },
    scope: [...SCOPES],
    login: { name: fullName, email, imap: { username, password } },
    servers: { imap: imap.server, smtp: smtp.server },
  };
}

const VERSION = '2026-07-28';
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
};

async function post(
  to: { port: number; agent: Agent; token: string; headers?: Record<string, string> },
  body: object,
): Promise<Record<string, unknown>> {
  const { port, agent, token, headers } = to;
  const text = JSON.stringify(body);
  const sent = request({
    host: '127.0.0.1',
    port,
    agent,
    path: '/mcp',
    method: 'POST',
    headers: {
      host: `localhost:${port}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...headers,
    },
  });
  sent.end(text);
  const [response] = await once(sent, 'response').catch((error: unknown) => {
    // The server has closed the idle connection in the moment in which it was used again.
    if (sent.reusedSocket && error instanceof Error && 'code' in error && error.code === 'ECONNRESET') return [];
    throw error;
  });
  if (response === undefined) return post(to, body);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const answer = Buffer.concat(chunks).toString();
  if (response.statusCode !== 200 || answer.includes('"isError":true')) {
    throw new Error(`The server answered ${response.statusCode}: ${answer.slice(0, 300)}`);
  }
  const { result } = JSON.parse(answer);
  return result.structuredContent ?? result;
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
