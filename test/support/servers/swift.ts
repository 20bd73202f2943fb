/** Starts OpenStack Swift with its S3 interface: one disk, one replica, a proxy, three storage servers, memcached. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { greets, type ServerProcess, startServer } from './server-process.ts';

const run = promisify(execFile);

const STORAGE_KINDS = ['account', 'container', 'object'] as const;
type StorageKind = (typeof STORAGE_KINDS)[number];

/** Address and credentials of the bucket, named as in the AWS SDK. Path style only. */
export interface S3Coordinates {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
}

/** @param port of the proxy, which speaks S3 */
export function s3Coordinates(port: number): S3Coordinates {
  return {
    endpoint: `http://localhost:${port}`,
    region: 'us-east-1',
    accessKeyId: 'test:tester',
    secretAccessKey: 'temporary-secret',
    bucket: 'attachments',
  };
}

export type SwiftPorts = Record<StorageKind | 'proxy' | 'memcached', number>;

/** Starts all five processes and creates the bucket. */
export async function startSwift(scratch: string, ports: SwiftPorts): Promise<ServerProcess> {
  const folder = join(scratch, 'swift');
  const disk = join(folder, 'devices', 'd1');
  mkdirSync(disk, { recursive: true });
  execFileSync('chown', ['-R', 'swift', folder]);
  writeFileSync(
    join(folder, 'swift.conf'),
    '[swift-hash]\nswift_hash_path_prefix = test\nswift_hash_path_suffix = test\n',
  );
  writeFileSync(join(folder, 'proxy.conf'), proxyConf(folder, ports));
  for (const kind of STORAGE_KINDS) writeFileSync(join(folder, `${kind}.conf`), storageConf(folder, kind, ports[kind]));
  await makeRings(folder, ports);
  const started = await Promise.all([
    startServer(scratch, {
      name: 'memcached',
      command: 'memcached',
      args: ['-l', '127.0.0.1', '-p', `${ports.memcached}`, '-U', '0', '-u', 'swift', '-m', '16'],
      isReady: () => greets(ports.memcached, 'VERSION', 'version\r\n'),
    }),
    ...STORAGE_KINDS.map((kind) =>
      startServer(scratch, {
        name: `swift-${kind}`,
        command: `swift-${kind}-server`,
        args: [join(folder, `${kind}.conf`)],
        isReady: () => greets(ports[kind], '200', 'GET /healthcheck HTTP/1.0\r\n\r\n'),
      }),
    ),
    startServer(scratch, {
      name: 'swift-proxy',
      command: 'swift-proxy-server',
      args: [join(folder, 'proxy.conf')],
      isReady: () => greets(ports.proxy, '200', 'GET /healthcheck HTTP/1.0\r\n\r\n'),
    }),
  ]);
  await makeBucket(s3Coordinates(ports.proxy));
  return { name: 'swift', stop: async () => void (await Promise.all(started.map(({ stop }) => stop()))) };
}

/** Does what `swift-ring-builder … create 4 1 1`, `add` and `rebalance` do, in one Python process instead of nine. */
const MAKE_RINGS = `
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for kind, port in zip(sys.argv[2::2], sys.argv[3::2]):
    ring = RingBuilder(4, 1, 1)
    ring.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'd1', 'weight': 1,
                  'replication_ip': '127.0.0.1', 'replication_port': int(port)})
    ring.rebalance()
    ring.get_ring().save(f'{folder}/{kind}.ring.gz')
`;

async function makeRings(folder: string, ports: SwiftPorts): Promise<void> {
  const rings = STORAGE_KINDS.flatMap((kind) => [kind, `${ports[kind]}`]);
  await run('/usr/bin/python3', ['-c', MAKE_RINGS, folder, ...rings]);
}

async function makeBucket({ bucket, endpoint, region, ...credentials }: S3Coordinates): Promise<void> {
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  s3.destroy();
}

function common(folder: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = swift
swift_dir = ${folder}
workers = 0
log_level = WARNING
`;
}

function storageConf(folder: string, kind: StorageKind, port: number): string {
  return `${common(folder, port)}devices = ${folder}/devices
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = healthcheck ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
[filter:healthcheck]
use = egg:swift#healthcheck
`;
}

function proxyConf(folder: string, ports: SwiftPorts): string {
  const { accessKeyId, secretAccessKey, region } = s3Coordinates(ports.proxy);
  const plain = 'catch_errors gatekeeper healthcheck listing_formats bulk copy slo dlo symlink versioned_writes'.split(
    ' ',
  );
  return `${common(folder, ports.proxy)}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk s3api tempauth copy slo dlo symlink versioned_writes proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${ports.memcached}
[filter:s3api]
use = egg:swift#s3api
location = ${region}
[filter:tempauth]
use = egg:swift#tempauth
user_${accessKeyId.replace(':', '_')} = ${secretAccessKey} .admin
[filter:proxy-logging]
use = egg:swift#proxy_logging
${plain.map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`).join('')}`;
}
