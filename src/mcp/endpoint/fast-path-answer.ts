/** Writes the answers of the fast path as JSON text, byte for byte as the SDK would. */
import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { resultParts, type ToolOutcome } from './call-tool.ts';
import type { FastPathRequest } from './fast-path-request.ts';

export interface FastPathAnswers {
  /** @param tools the list as JSON */
  listing(request: FastPathRequest, tools: string): string;
  /** The body holds the result twice, as structured content and as text, but it is serialised once. */
  result(request: FastPathRequest, outcome: ToolOutcome): string;
}

/** @param serverInfo name and version, which every result of the 2026 era contains */
export function createFastPathAnswers(serverInfo: object): FastPathAnswers {
  const meta = `"_meta":${JSON.stringify({ [SERVER_INFO_META_KEY]: serverInfo })}`;
  const complete = `"resultType":"complete"`;
  return {
    listing(request, tools) {
      const more = request.era === '2026' ? `,${complete},"ttlMs":0,"cacheScope":"private",${meta}` : '';
      return envelope(request, `{"tools":${tools}${more}}`);
    },
    result(request, outcome) {
      const { texts, structure } = resultParts(outcome, request.era);
      const content = texts.map((text) => `{"type":"text","text":${JSON.stringify(text)}}`).join(',');
      const structured = structure === undefined ? '' : `,"structuredContent":${structure}`;
      const kind = 'json' in outcome ? '' : ',"isError":true';
      const more = request.era === '2026' ? `,${complete},${meta}` : '';
      return envelope(request, `{"content":[${content}]${structured}${kind}${more}}`);
    },
  };
}

function envelope({ id }: FastPathRequest, result: string): string {
  return `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
}
