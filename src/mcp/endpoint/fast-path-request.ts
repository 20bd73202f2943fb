/** Recognises the requests of the fast path: tools/list and tools/call, nearly all of the traffic, without any unusual member or header. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { CallParams, Era } from './call-tool.ts';
import { Envelope, isHandledKey, isReservedKey, ProgressToken } from './envelope.ts';
import { LEGACY_VERSIONS, MODERN_VERSION } from './protocol-versions.ts';

export type FastPathRequest = {
  era: Era;
  id: string | number;
} & ({ method: 'tools/list' } | { method: 'tools/call'; params: CallParams });

/** `_meta` with keys of the client's own; keys reserved for the protocol need the SDK. */
const ClientMeta = z
  .looseObject({ progressToken: ProgressToken })
  .refine((meta) => !Object.keys(meta).some(isReservedKey))
  .optional();

/** The envelope without members that need the SDK, such as a log level. */
const PlainEnvelope = Envelope.refine(
  (meta) => !Object.keys(meta).some((key) => isReservedKey(key) && !isHandledKey(key)),
);

const LegacyRequest = z.discriminatedUnion('method', [
  listRequest(z.strictObject({ _meta: ClientMeta }).optional()),
  callRequest(ClientMeta),
]);

const ModernRequest = z.discriminatedUnion('method', [
  listRequest(z.strictObject({ _meta: PlainEnvelope })),
  callRequest(PlainEnvelope),
]);

function listRequest<Params extends z.ZodType>(params: Params) {
  return z.strictObject({ ...jsonRpc(), method: z.literal('tools/list'), params });
}

function callRequest<Meta extends z.ZodType>(_meta: Meta) {
  const args = z.record(z.string(), z.unknown()).optional();
  const params = z.strictObject({ name: z.string(), arguments: args, _meta });
  return z.strictObject({ ...jsonRpc(), method: z.literal('tools/call'), params });
}

function jsonRpc() {
  return { jsonrpc: z.literal('2.0'), id: z.union([z.string(), z.number().int()]) };
}

/** @returns undefined if the request has anything unusual, valid or not: the SDK answers it */
export function readFastPathRequest(body: unknown, headers: IncomingHttpHeaders): FastPathRequest | undefined {
  const version = headers['mcp-protocol-version'];
  if (version === MODERN_VERSION) return readModern(body, headers);
  if (version !== undefined && !LEGACY_VERSIONS.has(version.toString())) return undefined;
  // Headers of the 2026 era.
  if (headers['mcp-method'] !== undefined || headers['mcp-name'] !== undefined) return undefined;
  const { success, data } = LegacyRequest.safeParse(body);
  return success ? { era: '2025', ...data } : undefined;
}

/** The headers have to agree with the body (MCP-02). */
function readModern(body: unknown, headers: IncomingHttpHeaders): FastPathRequest | undefined {
  const { success, data } = ModernRequest.safeParse(body);
  if (!success || headers['mcp-method'] !== data.method) return undefined;
  const name = data.method === 'tools/call' ? data.params.name : undefined;
  return headers['mcp-name'] === name ? { era: '2026', ...data } : undefined;
}
