import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { PlainRequest } from './plain-request.ts';

/** The answers to plain requests, byte for byte as the SDK would write them. */

/** What a tool said: its result as JSON, or a sentence about what went wrong, with the same for programs as JSON. */
export type ToolAnswer = { json: string } | { failure: string; details?: string | undefined };

/**
 * The parts of an answer that do not depend on how it is sent. Details of a failure are structure as well, but for clients of 2025: theirs
 * hold it against the schema of the result and show their users nothing but that it does not fit.
 */
export function partsOf(
  answer: ToolAnswer,
  era: PlainRequest['era'],
): { texts: string[]; structure: string | undefined } {
  if ('json' in answer) return { texts: [answer.json], structure: answer.json };
  const { failure, details } = answer;
  return {
    texts: details === undefined ? [failure] : [failure, details],
    structure: era === '2026' ? details : undefined,
  };
}

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
      const { texts, structure } = partsOf(answer, request.era);
      const content = texts.map((text) => `{"type":"text","text":${JSON.stringify(text)}}`).join(',');
      const structured = structure === undefined ? '' : `,"structuredContent":${structure}`;
      const kind = 'json' in answer ? '' : ',"isError":true';
      const more = request.era === '2026' ? `,${complete},${meta}` : '';
      return envelope(request, `{"content":[${content}]${structured}${kind}${more}}`);
    },
  };
}

function envelope({ id }: PlainRequest, result: string): string {
  return `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
}
