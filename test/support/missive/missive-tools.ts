/** Starts a stand-in for Missive and calls the Missive tools with it, as a grant with a given permit. */
import { ToolError } from '../../../src/errors.ts';
import { createExtraction } from '../../../src/extraction/extraction.ts';
import { keyedDigests } from '../../../src/mail/send-once/keyed-message-id.ts';
import { createRecentResults } from '../../../src/mail/send-once/recent-results.ts';
import { type Catalog, createCatalog } from '../../../src/mcp/catalog.ts';
import type { MissiveSession } from '../../../src/mcp/missive/missive-session.ts';
import { createKeyedCalls } from '../../../src/mcp/missive/writing/keyed-calls.ts';
import { createSendLimit } from '../../../src/mcp/permit/send-limit.ts';
import { missiveTools } from '../../../src/mcp/tools/missive.ts';
import { createMissiveApi } from '../../../src/missive/api.ts';
import type { Quota } from '../../../src/missive/rate-limit.ts';
import { type Permit, UNLIMITED } from '../../../src/policy.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';
import { createWorkers } from '../../../src/workers/workers.ts';
import { childCommand } from '../files/child-program.ts';
import type { MissiveData } from './data.ts';
import { type MissiveStandIn, startMissive } from './stand-in.ts';

export interface MissiveTools extends AsyncDisposable {
  missive: MissiveStandIn;
  catalog: Catalog<MissiveSession>;
  session: MissiveSession;
  state: State;
  /** The rate limits that responses reported. */
  quotas: Quota[];
  /** @returns the result of the tool */
  call(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** @returns the error that the tool throws */
  failure(tool: string, args?: Record<string, unknown>): Promise<unknown>;
  /** All requests to Missive so far. */
  seen(): { method: string; path: string; query: Record<string, string>; body: unknown }[];
}

const NO_LOG = { debug() {}, info() {}, warn() {}, error() {} };

/** Shared by all tests of a file: a catalog keeps nothing of a call, and its schemas take 50 ms to compute. */
const catalog = createCatalog(missiveTools);
/** Shared by all tests: a thread takes half a second to start, and ends when it is idle. */
const workers = createWorkers({ threads: 2 });

/** @param options.files files behind the attachment links of this server and of Missive, by their URL */
export async function startMissiveTools({
  permit = UNLIMITED,
  now = () => new Date(),
  files = {},
  totalMs,
  state = createMemoryState({ now }),
  data,
  areAllShared = true,
}: {
  permit?: Permit;
  now?: () => Date;
  files?: Record<string, { filename: string; bytes: Buffer }>;
  totalMs?: number;
  /** Shared by the replicas that a test starts. */
  state?: State;
  /** The data of another stand-in. */
  data?: MissiveData;
  /** False: other replicas do not share the state. */
  areAllShared?: boolean;
} = {}): Promise<MissiveTools> {
  const missive = await startMissive({ now });
  if (data !== undefined) Object.assign(missive.data, data);
  const quotas: Quota[] = [];
  const { url, token } = missive;
  const onQuota = (quota: Quota) => void quotas.push(quota);
  const api = createMissiveApi({ url, token }, { now, onQuota, ...(totalMs !== undefined && { totalMs }) });
  const most = permit.policy.max_sends_per_hour;
  const extraction = createExtraction({}, childCommand);
  const session: MissiveSession = {
    api,
    permit,
    runJob: (job, input, needs) => workers.run(job, input, { ...needs, key: url }),
    sendLimit: createSendLimit({ most, key: 'sends', state, areAllCounted: true, now, log: NO_LOG }),
    async fetchOwn(link, maxBytes) {
      const file = files[link];
      if (file === undefined) throw new ToolError('The link is not one of this server.');
      if (file.bytes.length > maxBytes) throw new ToolError('The file behind the link is too large.');
      return { filename: file.filename, contentType: 'application/octet-stream', content: file.bytes };
    },
    keyedCalls: createKeyedCalls({
      ...{ state, isShared: areAllShared, recentResults: createRecentResults({ now }), now },
      digestsOf: ({ tool, key, content }) =>
        keyedDigests(Buffer.alloc(32), ['missive'], { tool, idempotencyKey: key, content }),
    }),
    async fetchFile(link, maxBytes) {
      const file = files[link];
      if (file === undefined) throw new ToolError('Nothing was done: the file could not be fetched.');
      if (file.bytes.length > maxBytes) throw new ToolError('The file behind the link is too large.');
      return file.bytes;
    },
    readFile: (request, send) => extraction.readFile(request, { key: 'person', send }),
    timeZone: 'UTC',
    now,
  };
  const call = (tool: string, args: Record<string, unknown> = {}) => catalog.call(tool, args, permit, session);
  return {
    missive,
    catalog,
    session,
    state,
    quotas,
    call,
    failure: (tool, args) =>
      call(tool, args).then(
        () => Promise.reject(new Error(`${tool} was expected to fail and did not`)),
        (error: unknown) => error,
      ),
    seen: () => missive.requests.map(({ method, path, query, body }) => ({ method, path, query, body })),
    [Symbol.asyncDispose]: async () => {
      await missive[Symbol.asyncDispose]();
    },
  };
}
