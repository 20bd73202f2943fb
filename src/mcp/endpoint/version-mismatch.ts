/** A defect of a hosted client, served where the operator wants that: the header of one protocol era and the body of the other (MCP-15). */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Log } from '../../log.ts';

const HEADER = 'mcp-protocol-version';
const SAID_IN_HEADER = '2025-11-25';
const MEANT = '2026-07-28';

const Modern = z.object({
  params: z.object({ _meta: z.object({ 'io.modelcontextprotocol/protocolVersion': z.literal(MEANT) }) }),
});

/**
 * @returns changes the header of that one pair of versions to what the body says; whatever else disagrees is refused later, as
 *   MCP 2026-07-28 (Streamable HTTP, "Server Validation") demands
 */
export function tolerateVersionMismatch(log: Log): (headers: IncomingHttpHeaders, body: unknown) => void {
  let isKnown = false;
  return (headers, body) => {
    if (headers[HEADER] !== SAID_IN_HEADER || !Modern.safeParse(body).success) return;
    headers[HEADER] = MEANT;
    if (!isKnown) log.warn({ header: SAID_IN_HEADER, envelope: MEANT }, 'a client names two versions; the body counts');
    isKnown = true;
  };
}
