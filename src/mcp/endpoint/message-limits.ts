/** Limits the nesting and the batches of a JSON-RPC body, where the SDK does not. */
import { BATCH_VERSION } from './protocol-versions.ts';

/** Deeper values overflow the stack of recursive functions; no argument of a tool is deeper than three. */
const MAX_DEPTH = 64;

/** Each entry may be a tool call. */
const MAX_BATCH = 20;

/**
 * @param body parsed JSON; not necessarily JSON-RPC
 * @param version the MCP-Protocol-Version header
 * @returns the fault as a sentence; undefined if the body is within the limits
 */
export function messageFault(body: unknown, version: string | undefined): string | undefined {
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
