import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { PlainRequest } from './plain-request.ts';

/** The answers to plain requests, byte for byte as the SDK would write them. */

/** What a tool said: its result as JSON, or a sentence about what went wrong. */
export type ToolAnswer = { json: string } | { failure: string };

export interface PlainAnswers {
  /** @param tools the list as JSON */
  listing(request: PlainRequest, tools: string): string;
  /** The result is in the body twice, as structure and as text, but only once turned into JSON. */
  result(request: PlainRequest, answer: ToolAnswer): string;
}

/** @param serverInfo name and version, which the 2026 era puts into every result */
export function plainAnswers(serverInfo: object): PlainAnswers {
  const meta = `"_meta":${JSON.stringify({ [SERVER_INFO_META_KEY]: serverInfo })}`;
  const complete = `"resultType":"complete"`;
  return {
    listing(request, tools) {
      const more = request.era === '2026' ? `,${complete},"ttlMs":0,"cacheScope":"private",${meta}` : '';
      return envelope(request, `{"tools":${tools}${more}}`);
    },
    result(request, answer) {
      const text = JSON.stringify('json' in answer ? answer.json : answer.failure);
      const kind = 'json' in answer ? `"structuredContent":${answer.json}` : '"isError":true';
      const more = request.era === '2026' ? `,${complete},${meta}` : '';
      return envelope(request, `{"content":[{"type":"text","text":${text}}],${kind}${more}}`);
    },
  };
}

function envelope({ id }: PlainRequest, result: string): string {
  return `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
}
