/**
 * Corrects the headers of the two defective pairs of protocol versions that hosted clients send, header and body being of different eras (MCP-15).
 *
 * The body decides the era, so the answer has the format that the client parses. Every other disagreement is refused later, as MCP 2026-07-28
 * (Streamable HTTP, "Server Validation") demands.
 */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Log } from '../../log.ts';
import { Envelope, isEnvelopeKey } from './envelope.ts';
import { MODERN_VERSION } from './protocol-versions.ts';

const VERSION = 'mcp-protocol-version';
const METHOD = 'mcp-method';
const NAME = 'mcp-name';

/** The version of the other era in both pairs; the last one that begins with `initialize`. */
const LEGACY_VERSION = '2025-11-25';

/** Clients whose defect has been logged; the oldest is forgotten first. */
const MAX_LOGGED_CLIENTS = 1000;

/** A message of the 2026 era. A relay that adds the header of 2025 may leave out the other headers of 2026. */
const Modern = z.object({
  method: z.string(),
  params: z.object({ name: z.string().optional().catch(undefined), _meta: Envelope }),
});

/** A message of the 2025 era, of the methods that a client sends after `initialize`; with no member of an envelope. */
const Legacy = z.object({
  method: z.string().regex(/^(tools\/.+|ping|notifications\/.+)$/),
  params: z
    .looseObject({
      name: z.unknown().optional(),
      _meta: z
        .record(z.string(), z.unknown())
        .refine((meta) => !Object.keys(meta).some(isEnvelopeKey))
        .optional(),
    })
    .optional(),
});

/** One POST before its headers are compared with its body. */
interface Message {
  headers: IncomingHttpHeaders;
  body: unknown;
  /** Identifies the client in the log. */
  client: string;
}

/** @returns a function that corrects the headers of a message in place, and logs the defect once for each client */
export function createVersionCorrection(log: Log): (message: Message) => void {
  const logged = new Set<string>();
  return ({ headers, body, client }) => {
    const header = headers[VERSION];
    const isCorrected =
      (header === LEGACY_VERSION && correctToModern(headers, body)) ||
      (header === MODERN_VERSION && correctToLegacy(headers, body));
    if (!isCorrected || logged.has(client)) return;
    const [oldest] = logged;
    if (logged.size >= MAX_LOGGED_CLIENTS && oldest !== undefined) logged.delete(oldest);
    logged.add(client);
    const versions = { client, header, body: headers[VERSION] };
    log.warn(versions, 'the version header of a client disagrees with the version in the body, which is used');
  };
}

/** The header of 2025-11-25 with a complete envelope of 2026-07-28. @returns whether this is the pair */
function correctToModern(headers: IncomingHttpHeaders, body: unknown): boolean {
  const { success, data } = Modern.safeParse(body);
  if (!success) return false;
  headers[VERSION] = MODERN_VERSION;
  headers[METHOD] ??= data.method;
  if (data.method === 'tools/call' && data.params.name !== undefined) headers[NAME] ??= headerOf(data.params.name);
  return true;
}

/** The header of 2026-07-28 with a body that has no envelope. @returns whether this is the pair */
function correctToLegacy(headers: IncomingHttpHeaders, body: unknown): boolean {
  const { success, data } = Legacy.safeParse(body);
  if (!success) return false;
  const { [METHOD]: method = data.method, [NAME]: name = data.params?.name } = headers;
  // Headers of 2026 that contradict the body are refused, as in every message of 2026.
  if (method !== data.method || name !== data.params?.name) return false;
  headers[VERSION] = LEGACY_VERSION;
  delete headers[METHOD];
  delete headers[NAME];
  return true;
}

/** A name as the value of a header: names that are not plain are encoded (MCP 2026-07-28, Streamable HTTP, "Standard Headers"). */
function headerOf(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
}
