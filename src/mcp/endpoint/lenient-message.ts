/** Reads a JSON-RPC message as its author meant it: null and the empty list in the place of an object or a text count as absent. */

type Members = Record<string, unknown>;

/** Longer text is not parsed as JSON: it would be a way around the limits on the JSON of a request. */
const MAX_JSON_TEXT_CHARS = 65_536;

/** Members of `_meta` that may be null; others belong to an envelope, which has to be complete. */
const OPTIONAL_META = ['progressToken', 'io.modelcontextprotocol/clientInfo'];

/** Removes what counts as absent from the body, a message or a batch, in place. */
export function removeAbsent(body: unknown): void {
  for (const message of messagesOf(body)) {
    if (isAbsent(message.params)) delete message.params;
    const { params, method } = message;
    if (!isMembers(params)) continue;
    if (method === 'initialize' && isAbsent(params.capabilities)) params.capabilities = {};
    for (const [name, value] of Object.entries(params)) {
      if (value === null || (['arguments', 'cursor', '_meta', 'task'].includes(name) && isAbsent(value))) {
        delete params[name];
      }
    }
    if (typeof params.arguments === 'string') params.arguments = parsedObject(params.arguments) ?? params.arguments;
    const { _meta: meta } = params;
    if (!isMembers(meta)) continue;
    for (const name of OPTIONAL_META) if (meta[name] === null) delete meta[name];
  }
}

/** What is wrong with the parameters of a request that this server serves, in one sentence. */
export function paramsFault({ method, params = {} }: Members): string {
  if (!isMembers(params)) return 'params must be an object.';
  const named = (name: string, what: string) =>
    params[name] === undefined ? `params.${name} is missing: ${what}.` : `params.${name} must be ${what}.`;
  if (method === 'tools/call') {
    if (typeof params.name !== 'string') return named('name', 'the name of a tool, as tools/list returns it');
    if (!isMembers(params.arguments)) return named('arguments', 'an object with the parameters of the tool by name');
  }
  if (method === 'tools/list' && typeof params.cursor !== 'string') return named('cursor', 'a text, or left out');
  if (method === 'initialize') {
    if (typeof params.protocolVersion !== 'string') return named('protocolVersion', 'a version such as "2025-11-25"');
    if (!isMembers(params.capabilities)) return named('capabilities', 'an object, which may be empty');
    return named('clientInfo', 'an object with name and version');
  }
  return 'The parameters of this method are not valid.';
}

/** @returns the messages of a body that are objects */
export function messagesOf(body: unknown): Members[] {
  const messages: unknown[] = Array.isArray(body) ? body : [body];
  return messages.filter(isMembers);
}

function parsedObject(text: string): Members | undefined {
  if (text.length > MAX_JSON_TEXT_CHARS || !text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Some languages write an empty object as an empty list. */
function isAbsent(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
