/** Limits the batches, ids and names of a JSON-RPC body, where the SDK does not. Values are limited while the body is read. */
import { BATCH_VERSION } from './protocol-versions.ts';

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
  const messages: unknown[] = Array.isArray(body) ? body : [body];
  return messages.every(isShort) ? undefined : `id, method and name may have ${MAX_NAME_CHARS} characters at most.`;
}

/** Ids and names are repeated in answers. */
const MAX_NAME_CHARS = 1000;

function isShort(message: unknown): boolean {
  const { id, method, params } = fieldsOf(message);
  return [id, method, fieldsOf(params).name].every((text) => typeof text !== 'string' || text.length <= MAX_NAME_CHARS);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
