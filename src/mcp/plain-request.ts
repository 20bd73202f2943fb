import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** The two requests that are nearly all of the traffic, in the form that they nearly always have before the 2026 era. */

const RequestId = z.union([z.string(), z.number().int()]);

const PlainRequest = z.discriminatedUnion('method', [
  z.strictObject({
    jsonrpc: z.literal('2.0'),
    id: RequestId,
    method: z.literal('tools/list'),
    params: z.strictObject({}).optional(),
  }),
  z.strictObject({
    jsonrpc: z.literal('2.0'),
    id: RequestId,
    method: z.literal('tools/call'),
    params: z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()).optional() }),
  }),
]);
export type PlainRequest = z.output<typeof PlainRequest>;

const VERSIONS = new Set(['2025-03-26', '2025-06-18', '2025-11-25']);

/** @returns undefined if anything about the request is special, be it right or wrong: the SDK knows what to do with that */
export function readPlainRequest(body: unknown, headers: IncomingHttpHeaders): PlainRequest | undefined {
  const version = headers['mcp-protocol-version'];
  if (version !== undefined && !VERSIONS.has(version.toString())) return undefined;
  // These belong to the 2026 era.
  if (headers['mcp-method'] !== undefined || headers['mcp-name'] !== undefined) return undefined;
  const { success, data } = PlainRequest.safeParse(body);
  return success ? data : undefined;
}
