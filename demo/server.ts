/** Runs the server of the demo, and mints for it as an operator does. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import process from 'node:process';
import { z } from 'zod';
import { main as mailMcp } from '../src/cli.ts';
import { startServer } from '../src/commands/server.ts';
import type { Terminal as Prompt } from '../src/commands/terminal.ts';
import { createLog } from '../src/log.ts';
import { readConfig } from '../src/settings/config.ts';

const Registration = z.object({ client_id: z.string(), client_secret: z.string().nullable() });
export type Registration = z.output<typeof Registration>;

export interface DemoServer {
  /** The base URL. */
  url: string;
  /** @returns a client with a secret */
  mint(flags: readonly string[]): Promise<Registration>;
  /** @param answers to the questions of `mail-mcp token`, in order */
  createToken(clientId: string, answers: readonly string[]): Promise<string>;
  /** Another server with the same settings takes the place of this one. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param flags of `generate`: the servers and limits of clients that register themselves
 * @param port where it has to listen; by default 3000, or a free port if that is in use
 */
export async function startDemoServer(flags: readonly string[], port?: number): Promise<DemoServer> {
  const key = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const Connection = z.object({ default_connection: z.string() });
  const { default_connection } = await run(Connection, ['generate', ...flags, '--connection'], key);
  const listening = port ?? ((await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : await freePort());
  const url = `http://localhost:${listening}`;
  const env = {
    ...key,
    BASE_URL: url,
    PORT: String(listening),
    DEFAULT_CONNECTION: default_connection,
    CLIENT_REGISTRATION: 'true',
    OPERATOR_NAME: 'the mail-mcp demo',
    MAIL_MCP_LOG_LEVEL: 'WARN',
  };
  const config = readConfig(env);
  const start = () => startServer(config, createLog(config.logLevel, process.stderr));
  let server = await start();
  return {
    url,
    mint: (more) => run(Registration, ['generate', ...flags, ...more], env),
    async createToken(clientId, answers) {
      const Token = z.object({ token: z.string() });
      return (await run(Token, ['token', `--client-id=${clientId}`], env, promptWith(answers))).token;
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    stop: () => server.stop(),
  };
}

const DEFAULT_PORT = 3000;

/** Runs a command of mail-mcp, and parses the JSON that it prints. */
async function run<T>(schema: z.ZodType<T>, argv: string[], env: NodeJS.ProcessEnv, prompt?: Prompt): Promise<T> {
  const out: string[] = [];
  const err: string[] = [];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exitCode = await mailMcp([...argv, '--json'], env, output, prompt);
  if (exitCode !== 0) throw new Error(`mail-mcp ${argv[0]} failed: ${err.join('')}`);
  return schema.parse(JSON.parse(out.join('')));
}

/** Gives the answers in the place of a person. */
function promptWith(answers: readonly string[]): Prompt {
  const rest = [...answers];
  const next = async () => rest.shift() ?? '';
  return { ask: next, askSecret: next, say: () => {} };
}

const isFree = (port: number): Promise<boolean> =>
  listenOn(port).then(
    () => true,
    () => false,
  );

export const freePort = (): Promise<number> => listenOn(0);

/** Listens for a moment. @returns the port */
function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address === null || typeof address === 'string' ? reject(new Error('no free port')) : resolve(address.port),
      );
    });
  });
}
