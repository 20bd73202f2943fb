/** Tolerates, if the operator allows it, a defect of a hosted client: the version header of one protocol era on a body of the other (MCP-15). */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Log } from '../../log.ts';
import { MODERN_VERSION } from './protocol-versions.ts';

const HEADER = 'mcp-protocol-version';
const HEADER_VERSION = '2025-11-25';

const Modern = z.object({
  params: z.object({ _meta: z.object({ 'io.modelcontextprotocol/protocolVersion': z.literal(MODERN_VERSION) }) }),
});

/**
 * @returns a function that replaces the header by the version in the body, for this one pair of versions. All other disagreements are refused
 *   later, as MCP 2026-07-28 (Streamable HTTP, "Server Validation") demands
 */
export function tolerateVersionMismatch(log: Log): (headers: IncomingHttpHeaders, body: unknown) => void {
  let isLogged = false;
  return (headers, body) => {
    if (headers[HEADER] !== HEADER_VERSION || !Modern.safeParse(body).success) return;
    headers[HEADER] = MODERN_VERSION;
    if (!isLogged) {
      const versions = { header: HEADER_VERSION, envelope: MODERN_VERSION };
      log.warn(versions, 'the version header of a client disagrees with the version in the body, which is used');
    }
    isLogged = true;
  };
}
