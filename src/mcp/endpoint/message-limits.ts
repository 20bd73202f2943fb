/** Limits of a JSON-RPC body that the SDK does not set, or sets elsewhere. */

/** Deeper values overflow the stack of whatever walks them by recursion; no argument of ours is deeper than three. */
const MAX_DEPTH = 64;

/** Each entry may be a tool call. */
const MAX_BATCH = 20;

/** The only dated revision that has batches (2025-03-26 basic, "Batching"); it is what a missing header stands for. */
const BATCH_VERSION = '2025-03-26';

/**
 * @param body as it was parsed; not necessarily JSON-RPC
 * @param version the MCP-Protocol-Version header
 * @returns what is wrong, as a sentence; `undefined` if nothing is
 */
export function limitFault(body: unknown, version: string | undefined): string | undefined {
  if (Array.isArray(body)) {
    if (body.length > MAX_BATCH) return `A batch may have ${MAX_BATCH} entries at most.`;
    if (version !== undefined && version !== BATCH_VERSION)
      return `Batches ended with version ${BATCH_VERSION}; send one message.`;
  }
  return isDeeperThan(MAX_DEPTH, body) ? `The body is nested more than ${MAX_DEPTH} levels deep.` : undefined;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
