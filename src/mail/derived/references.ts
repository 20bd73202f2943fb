/** Makes the fields by which mail programs put an answer into its conversation: In-Reply-To and References (RFC 5322 §3.6.4). */

/** Message-IDs kept of a long conversation, and their characters: some servers refuse or cut longer fields. */
const MAX_IDS = 30;
const MAX_CHARS = 6_000;

export interface ThreadFields {
  /** With angle brackets; absent if the original has no Message-ID. */
  inReplyTo?: string;
  /** Oldest first; empty if the original has none. */
  references: string[];
}

/** The first id, which is the root of the conversation, and the last ones stay when there are too many (RFC 5537 §3.4.4). */
export function threadFields(original: {
  messageId: string | null;
  inReplyTo: string | null;
  references: readonly string[];
}): ThreadFields {
  const { messageId, inReplyTo } = original;
  const before = original.references.length > 0 ? original.references : inReplyTo === null ? [] : [inReplyTo];
  const own = messageId === null ? [] : [messageId];
  const all = [...new Set([...before.filter((id) => id !== messageId), ...own])].filter(isId);
  return { ...(messageId !== null && isId(messageId) && { inReplyTo: messageId }), references: within(all) };
}

/** An id that can be written into a field as it is. */
function isId(id: string): boolean {
  return /^<[!-;=?-~]{1,900}>$/.test(id);
}

function within(ids: readonly string[]): string[] {
  const [root, ...rest] = ids;
  if (root === undefined) return [];
  const kept: string[] = [];
  let chars = root.length;
  for (const id of rest.slice(1 - MAX_IDS).toReversed()) {
    chars += id.length + 1;
    if (chars > MAX_CHARS) break;
    kept.unshift(id);
  }
  return [root, ...kept];
}
