/** Replaces the report of a validator in an error of the SDK, many lines long, by one sentence, and its code by that of invalid parameters. */
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { isMembers, messagesOf, paramsFault } from './lenient-message.ts';

/** @param body of the request; @returns the response, or one with the same status and shorter errors */
export async function withShortErrors(response: Response, body: unknown): Promise<Response> {
  if (response.headers.get('content-type') !== 'application/json') return response;
  const text = await response.text();
  const hasReport = /"error":\{"code":-3260[23],"message":"[^"]*(\[|\\n)/.test(text);
  const content = hasReport ? JSON.stringify(shortened(JSON.parse(text), body)) : text;
  const { status, headers } = response;
  return new Response(content, { status, headers });
}

function shortened(answer: unknown, body: unknown): unknown {
  if (Array.isArray(answer)) return answer.map((each) => shortened(each, body));
  if (!isMembers(answer) || !isMembers(answer.error) || !String(answer.error.message).includes('\n')) return answer;
  const request = messagesOf(body).find(({ id }) => id === answer.id) ?? {};
  return { ...answer, error: { code: ProtocolErrorCode.InvalidParams, message: paramsFault(request) } };
}
