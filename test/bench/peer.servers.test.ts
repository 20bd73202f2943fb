/** Checks `bench -- --peer`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withBenchContext } from '../../bench/bench-context.ts';
import { measurePeer } from '../../bench/peer.ts';
import { testServers } from '../support/servers/servers.ts';

const PEER = fileURLToPath(new URL('peer-server.ts', import.meta.url));

const list = { name: 'list', arguments: { count: 20 } };
const get = { name: 'get', arguments: { uid: '$UID' } };

/** @param calls the contents of the file of calls */
async function rowsOf(calls: object) {
  const folder = await mkdtemp(join(tmpdir(), 'mail-mcp-peer-'));
  const file = join(folder, 'calls.json');
  try {
    await writeFile(file, JSON.stringify(calls));
    return await withBenchContext(testServers(), true, (context) =>
      measurePeer(context, `${process.execPath} ${PEER}`, file),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.concurrent('an MCP mail server on stdio is measured with and without latency, and compared with imapflow, by the tools in its file of calls', async () => {
  const search = { name: 'search', arguments: { subject: 'Message 77' } };
  const rows = await rowsOf({ list, get, search });
  const near = ['first list of 20', 'warm list of 20', 'warm 20 KB message', 'warm search by subject'];
  expect(rows.map(({ name }) => name)).toEqual([
    ...near.map((name) => `${name}, loopback`),
    ...near.map((name) => `${name}, 30 ms away`),
  ]);
  for (const { ours, yardstick } of rows.filter(({ item }) => item === 1)) {
    expect(ours).toBeGreaterThan(0);
    expect(yardstick).toBeGreaterThan(0);
  }
}, 120_000);

test.concurrent('calls that the peer lacks are left out, and an error result of the peer ends the run', async () => {
  const rows = await rowsOf({ get });
  expect(rows.map(({ name }) => name)).toEqual(['warm 20 KB message, loopback', 'warm 20 KB message, 30 ms away']);
  await expect(rowsOf({ get: { name: 'get', arguments: { uid: 999_999 } } })).rejects.toThrow(
    'There is no such message',
  );
}, 120_000);
