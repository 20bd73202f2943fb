/** Reads Message-IDs (RFC 5322 §3.6.4) as they are copied from headers, links and other programs. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { GivenName } from '../../outgoing.ts';
import { isId } from './thing-texts.ts';

const PREFIX = /^\s*(?:message-id|rfc822msgid|mid|in-reply-to|references)\s*:\s*/i;

/** In angle brackets. */
export const GivenMessageId = GivenName.transform((text) => {
  const [id, ...others] = messageIdsIn(text);
  if (id !== undefined && others.length === 0) return id;
  if (isId(text.trim())) {
    throw new ToolError(`${text.trim()} is an id of Missive: get_single_missive_message_by_id takes it.`);
  }
  throw new ToolError(`${JSON.stringify(text.slice(0, 100))} is not one Message-ID, such as "<a1@example.com>".`);
});

/** Also several in one text, as the header field References has them. */
export const GivenMessageIds = z
  .array(GivenName)
  .transform((texts) => texts.flatMap((text) => (messageIdsIn(text).length > 0 ? messageIdsIn(text) : [text])));

/** Those of a text in angle brackets, or the whole text. */
function messageIdsIn(given: string): string[] {
  const text = unescaped(given).replace(PREFIX, '').trim();
  const bracketed = [...text.matchAll(/<\s*([^\s<>]+)\s*>/g)].map(([, id = '']) => id);
  const bare = text.replace(/^["'`<\s]+|["'`>\s]+$/g, '');
  const ids = bracketed.length > 0 ? bracketed : /^[^\s<>]+$/.test(bare) && !isId(bare) ? [bare] : [];
  return ids.map((id) => `<${id}>`);
}

/** `&lt;a1@example.com&gt;`, `%3Ca1%40example.com%3E` */
function unescaped(text: string): string {
  const plain = text.replaceAll(/&lt;/gi, '<').replaceAll(/&gt;/gi, '>');
  if (!/^%3c.*%3e$/i.test(plain.trim())) return plain;
  try {
    return decodeURIComponent(plain.trim());
  } catch {
    return plain;
  }
}
