/** Checks the container image, compose.yaml, and what is deployed beside them, without Docker. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readServerConfig } from '../src/settings/config.ts';
import { ENVIRONMENT } from '../src/settings/environment.ts';

const ROOT = join(import.meta.dirname, '..');
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const PINNED = /^[\w./-]+:[\w.-]+@sha256:[\da-f]{64}$/;

/** The instructions of the Dockerfile, by their first word. */
const instructions = Object.groupBy(
  textOf('Dockerfile')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) })),
  ({ name }) => name,
);
const restOf = (name: string): string[] => (instructions[name] ?? []).map(({ rest }) => rest);

describe('the image', () => {
  test('RUN-05 is built from images that are named by tag and digest', () => {
    const images = restOf('ARG').flatMap((rest) => /^\w+_IMAGE=(.*)$/.exec(rest)?.[1] ?? []);
    expect(images).toEqual([expect.stringMatching(PINNED), expect.stringMatching(PINNED)]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are Docker's.
    expect(restOf('FROM')).toEqual(['${NODE_IMAGE} AS build', '${BASE_IMAGE}']);
    expect(restOf('ARG')[0]).toContain(`node:${JSON.parse(textOf('package.json')).devDependencies.node}-`);
  });

  test('RUN-05 runs as a user that is no root, and is named by number', () => {
    expect(restOf('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  test('RUN-02 listens on every address', () => {
    expect(restOf('ENV').join(' ').split(' ')).toContain('HOST=*');
  });

  test('.dockerignore lets in what is copied, and nothing else', () => {
    const [all, ...included] = textOf('.dockerignore').trim().split('\n');
    const copied = restOf('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(all).toBe('*');
    expect(included.map((line) => line.slice(1)).sort()).toEqual(copied.sort());
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('the health check of the image', () => {
  let server: Server;
  let port: number;
  let status: number;
  beforeAll(async () => {
    server = createServer((_request, response) => void response.writeHead(status).end('{"status":"ok"}'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());

  async function check(PORT: number): Promise<number | null> {
    const command = /CMD (\[.*\])$/.exec(restOf('HEALTHCHECK')[0] ?? '')?.[1] ?? '';
    const [program = '', ...args] = z.array(z.string()).parse(JSON.parse(command));
    const child = spawn(program, args, { env: { PATH: process.env.PATH, PORT: String(PORT) }, stdio: 'ignore' });
    await once(child, 'exit');
    return child.exitCode;
  }

  test('succeeds while the server answers', async () => {
    status = 200;
    expect(await check(port)).toBe(0);
  });

  test('fails if the server answers with an error, or does not listen', async () => {
    status = 503;
    expect([await check(port), await check(1)]).toEqual([1, 1]);
  });
});

const Service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  restart: z.literal('unless-stopped'),
});
const Compose = z.object({
  name: z.string(),
  services: z.object({ caddy: Service, 'mail-mcp': Service, valkey: Service }),
  networks: z.object({ front: z.object({}), state: z.object({ internal: z.literal(true) }) }),
  volumes: z.record(z.string(), z.object({})),
});

describe('compose.yaml', () => {
  const { services, volumes } = Compose.parse(parse(textOf('compose.yaml')));
  const all = Object.values(services);

  test('RUN-05 names each image by tag and digest, or builds it', () => {
    expect(all.filter(({ image, build }) => build === undefined && !PINNED.test(image))).toEqual([]);
  });

  test('RUN-06 publishes the ports of the proxy only, which is allowed nothing but these', () => {
    expect(all.filter(({ ports }) => ports.length > 0)).toEqual([services.caddy]);
    expect(all.flatMap(({ cap_add }) => cap_add)).toEqual(['NET_BIND_SERVICE']);
    expect(services.valkey.networks).toEqual(['state']);
    expect(services.caddy.networks).toEqual(['front']);
  });

  test('RUN-06 checks the health of each service', () => {
    // That of mail-mcp is in the image.
    expect(all.filter(({ build, healthcheck }) => build === undefined && healthcheck === undefined)).toEqual([]);
  });

  test('declares the volumes that are used, and mounts files that exist', () => {
    const sources = all.flatMap((service) => service.volumes.map((volume) => volume.split(':')[0] ?? ''));
    expect(sources.filter((source) => !source.startsWith('./')).sort()).toEqual(Object.keys(volumes).sort());
    expect(sources.filter((source) => source.startsWith('./') && !existsSync(join(ROOT, source)))).toEqual([]);
  });

  test('RUN-06 needs two settings in .env, and says which is missing', () => {
    const { environment } = services['mail-mcp'];
    const required = Object.values(environment).flatMap((value) => /\$\{(\w+):\?(.+)\}/.exec(value)?.[1] ?? []);
    expect(required).toEqual(['BASE_URL', 'ENCRYPTION_KEY']);
    const given: NodeJS.ProcessEnv = {
      ...parseEnv(textOf('.env.sample')),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    };
    const interpolated = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+).*\}/, (_whole, variable: string) => given[variable] ?? ''),
    ]);
    const config = readServerConfig({ ...given, ...Object.fromEntries(interpolated) });
    expect(config).toMatchObject({ host: undefined, trustProxy: 1, redisUrl: 'redis://valkey:6379' });
    expect(Object.keys(environment).filter((name) => !(name in ENVIRONMENT.shape))).toEqual([]);
  });
});

describe('npm run pin:images', () => {
  test('RUN-05 writes the present digest of each tag into Dockerfile and compose.yaml', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pin-'));
    const files = ['Dockerfile', 'compose.yaml'];
    for (const file of files) cpSync(join(ROOT, file), join(folder, file));
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho "$@" >> asked\necho '"${digest}"'\n`);
    chmodSync(join(folder, 'docker'), 0o755);
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const script = join(ROOT, 'scripts/pin-images.ts');
    const { status } = spawnSync(process.execPath, [script], { cwd: folder, env });
    expect(status).toBe(0);
    for (const file of files) {
      const expected = textOf(file).replace(/@sha256:[\da-f]{64}/g, `@${digest}`);
      expect(readFileSync(join(folder, file), 'utf8')).toBe(expected);
    }
    const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
    expect(asked).toHaveLength(4);
    expect(asked[0]).toMatch(/^buildx imagetools inspect node:\S+-slim --format \{\{json \.Manifest\.Digest\}\}$/);
    rmSync(folder, { recursive: true });
  });
});
