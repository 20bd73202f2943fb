/** The Missive tools as a grant sees them, at a stand-in for Missive. */
import { ToolError } from '../../../src/errors.ts';
import { type Catalog, createCatalog } from '../../../src/mcp/catalog.ts';
import type { MissiveSession } from '../../../src/mcp/missive/missive-session.ts';
import { sendLimit } from '../../../src/mcp/permit/sends.ts';
import { missiveTools } from '../../../src/mcp/tools/missive.ts';
import { createMissiveApi } from '../../../src/missive/api.ts';
import type { Quota } from '../../../src/missive/quota.ts';
import { type Permit, UNLIMITED } from '../../../src/policy.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { type MissiveStandIn, startMissive } from './stand-in.ts';

export interface MissiveTools extends AsyncDisposable {
  missive: MissiveStandIn;
  catalog: Catalog<MissiveSession>;
  session: MissiveSession;
  /** What answers said about the rate limit. */
  quotas: Quota[];
  /** @returns what the tool says */
  call(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** @returns what the tool throws */
  failure(tool: string, args?: Record<string, unknown>): Promise<unknown>;
  /** What Missive has seen so far: method, path, query and body. */
  seen(): { method: string; path: string; query: Record<string, string>; body: unknown }[];
}

const NO_LOG = { debug() {}, info() {}, warn() {}, error() {} };

/** @param options.files what our own links lead to */
export async function startMissiveTools({
  permit = UNLIMITED,
  now = () => new Date(),
  files = {},
  totalMs,
}: {
  permit?: Permit;
  now?: () => Date;
  files?: Record<string, { filename: string; bytes: Buffer }>;
  totalMs?: number;
} = {}): Promise<MissiveTools> {
  const missive = await startMissive({ now });
  const quotas: Quota[] = [];
  const { url, token } = missive;
  const onQuota = (quota: Quota) => void quotas.push(quota);
  const api = createMissiveApi({ url, token }, { now, onQuota, ...(totalMs !== undefined && { totalMs }) });
  const most = permit.policy.max_sends_per_hour;
  const state = createMemoryState({ now });
  const session: MissiveSession = {
    api,
    permit,
    sendLimit: sendLimit({ most, key: 'sends', state, areAllCounted: true, now, log: NO_LOG }),
    async fetchOwn(link, maxBytes) {
      const file = files[link];
      if (file === undefined) throw new ToolError('The link is not one of this server.');
      if (file.bytes.length > maxBytes) throw new ToolError('The file behind the link is too large.');
      return { filename: file.filename, contentType: 'application/octet-stream', content: file.bytes };
    },
    now,
  };
  const catalog = createCatalog(missiveTools);
  const call = (tool: string, args: Record<string, unknown> = {}) => catalog.call(tool, args, permit, session);
  return {
    missive,
    catalog,
    session,
    quotas,
    call,
    failure: (tool, args) =>
      call(tool, args).then(
        () => Promise.reject(new Error(`${tool} was expected to fail and did not`)),
        (error: unknown) => error,
      ),
    seen: () => missive.requests.map(({ method, path, query, body }) => ({ method, path, query, body })),
    [Symbol.asyncDispose]: () => missive[Symbol.asyncDispose](),
  };
}
