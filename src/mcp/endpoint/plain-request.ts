import type { IncomingHttpHeaders } from 'node:http';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  isSpecType,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

/** The two requests that are nearly all of the traffic, in the form that they nearly always have. */

export type PlainRequest = {
  /** The 2026 era has its version in every message, and ends a call by hanging up. */
  era: '2025' | '2026';
  id: string | number;
} & ({ method: 'tools/list' } | { method: 'tools/call'; params: CallParams });

interface CallParams {
  name: string;
  arguments?: Record<string, unknown> | undefined;
}

const ProgressToken = z.union([z.string(), z.number().int()]).optional();

/** Notes of a client to itself; what belongs to the protocol is special. */
const Notes = z
  .looseObject({ progressToken: ProgressToken })
  .refine((meta) => !Object.keys(meta).some(isReserved))
  .optional();

const MODERN_VERSION = '2026-07-28';
const ENVELOPE_KEYS = new Set([PROTOCOL_VERSION_META_KEY, CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY]);

/** What every message of the 2026 era carries (MCP 2026-07-28, basic, "`_meta`"). */
const Envelope = z
  .looseObject({
    progressToken: ProgressToken,
    [PROTOCOL_VERSION_META_KEY]: z.literal(MODERN_VERSION),
    [CLIENT_CAPABILITIES_META_KEY]: z.custom(isSpecType.ClientCapabilities),
    [CLIENT_INFO_META_KEY]: z.custom(isSpecType.Implementation).optional(),
  })
  .refine((meta) => !Object.keys(meta).some((key) => isReserved(key) && !ENVELOPE_KEYS.has(key)));

function isReserved(key: string): boolean {
  return /mcp|modelcontextprotocol/i.test(key);
}

const LegacyRequest = z.discriminatedUnion('method', [
  listOf(z.strictObject({ _meta: Notes }).optional()),
  callOf(Notes),
]);

const ModernRequest = z.discriminatedUnion('method', [listOf(z.strictObject({ _meta: Envelope })), callOf(Envelope)]);

function listOf<Params extends z.ZodType>(params: Params) {
  return z.strictObject({ ...jsonRpc(), method: z.literal('tools/list'), params });
}

function callOf<Meta extends z.ZodType>(_meta: Meta) {
  const args = z.record(z.string(), z.unknown()).optional();
  const params = z.strictObject({ name: z.string(), arguments: args, _meta });
  return z.strictObject({ ...jsonRpc(), method: z.literal('tools/call'), params });
}

function jsonRpc() {
  return { jsonrpc: z.literal('2.0'), id: z.union([z.string(), z.number().int()]) };
}

const LEGACY_VERSIONS = new Set(['2025-03-26', '2025-06-18', '2025-11-25']);

/** @returns undefined if anything about the request is special, be it right or wrong: the SDK knows what to do with that */
export function readPlainRequest(body: unknown, headers: IncomingHttpHeaders): PlainRequest | undefined {
  const version = headers['mcp-protocol-version'];
  if (version === MODERN_VERSION) return readModern(body, headers);
  if (version !== undefined && !LEGACY_VERSIONS.has(version.toString())) return undefined;
  // These belong to the 2026 era.
  if (headers['mcp-method'] !== undefined || headers['mcp-name'] !== undefined) return undefined;
  const { success, data } = LegacyRequest.safeParse(body);
  return success ? { era: '2025', ...data } : undefined;
}

/** Headers have to say the same as the body (MCP-02). */
function readModern(body: unknown, headers: IncomingHttpHeaders): PlainRequest | undefined {
  const { success, data } = ModernRequest.safeParse(body);
  if (!success || headers['mcp-method'] !== data.method) return undefined;
  const name = data.method === 'tools/call' ? data.params.name : undefined;
  return headers['mcp-name'] === name ? { era: '2026', ...data } : undefined;
}
