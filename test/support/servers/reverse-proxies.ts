/** Starts Caddy and nginx with the configurations of `deploy/`; only host names, ports and certificates are those of the tests. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { greets, type ServerCommand, startServer } from './server-process.ts';
import { makeScratch } from './start-servers.ts';

export const REVERSE_PROXIES = ['Caddy', 'nginx'] as const;

export interface ReverseProxyOptions {
  name: (typeof REVERSE_PROXIES)[number];
  /** Where it listens, with TLS as `localhost`. */
  port: number;
  /** Where the server listens. */
  serverPort: number;
  /** For redirects from HTTP, which Caddy adds. */
  httpPort: number;
  certificates: Certificates;
}

export async function startReverseProxy(options: ReverseProxyOptions): Promise<AsyncDisposable> {
  const scratch = await makeScratch();
  const command = await (options.name === 'Caddy' ? caddy : nginx)(scratch, options);
  const running = await startServer(scratch, command);
  return {
    async [Symbol.asyncDispose]() {
      await running.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

const deployed = (file: string): string => join(import.meta.dirname, '../../../deploy', file);

/** For localhost, Caddy signs by a CA of its own: here the test CA. */
async function caddy(scratch: string, options: ReverseProxyOptions): Promise<ServerCommand> {
  const { ca } = options.certificates;
  const config = join(scratch, 'Caddyfile');
  const root = `root {\n format pem_file\n cert ${ca}\n key ${join(dirname(ca), 'ca.key')}\n }`;
  const global = `admin off\n http_port ${options.httpPort}\n skip_install_trust\n pki {\n ca local {\n ${root}\n }\n }`;
  await writeFile(config, `{\n ${global}\n}\nimport ${deployed('Caddyfile')}\n`);
  return {
    name: 'caddy',
    command: 'caddy',
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    env: {
      ...{ HOME: scratch, XDG_DATA_HOME: scratch, XDG_CONFIG_HOME: scratch },
      ...{ BASE_URL: `https://localhost:${options.port}`, UPSTREAM: `127.0.0.1:${options.serverPort}` },
    },
    isReady: () => answersTls(options.port),
  };
}

async function nginx(scratch: string, options: ReverseProxyOptions): Promise<ServerCommand> {
  const { cert, key } = options.certificates.server;
  const site = (await readFile(deployed('nginx.conf'), 'utf8'))
    .replace('listen 443 ssl', `listen 127.0.0.1:${options.port} ssl`)
    .replace('server_name mail.mcp.example.com', 'server_name localhost')
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${cert};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${key};`)
    .replace('127.0.0.1:3000', `127.0.0.1:${options.serverPort}`);
  const config = join(scratch, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `${of}_temp_path ${scratch}/${of};`,
  );
  const http = ['access_log off;', ...temporary, site].join('\n');
  await writeFile(
    config,
    `user root;\ndaemon off;\npid ${scratch}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n${http}\n}\n`,
  );
  return { name: 'nginx', command: 'nginx', args: ['-c', config], isReady: () => answersTls(options.port) };
}

/** Both answer cleartext at a TLS port with an error of HTTP. */
const answersTls = (port: number): Promise<boolean> => greets(port, 'HTTP/1', 'GET / HTTP/1.0\r\n\r\n');
