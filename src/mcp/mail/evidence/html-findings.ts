/** Looks at all of a message that people see, and not only at the text that is returned: links that deceive, hidden text, where links lead. */
import { hiddenLetters } from '../../../mail/html/hidden-letters.ts';
import type { Message } from '../../../mail/messages/read.ts';
import { textFromHtml } from '../../../mail/mime/body-conversion.ts';
import { domainParts } from '../../../mail/sender/domains.ts';
import { readHeaderFields } from '../../../mail/sender/header-fields.ts';
import type { Deceit } from '../../../text/link-hosts.ts';
import { deceitsIn } from '../../../text/links.ts';
import { visibleText } from '../../../text/visible-text.ts';
import type { RunJob } from '../../../workers/workers.ts';

export interface HtmlFindings {
  deceits: Deceit[];
  /** Letters that people cannot see. */
  hiddenLetters: number;
  /** Hosts of links that do not deceive, each once. */
  hosts: string[];
}

/** Characters that are looked at. */
const MAX_HTML_CHARS = 256 * 1024;
const MAX_TEXT_CHARS = 64 * 1024;
/** Of the HTML as it is written, for links that its text does not show. */
const MAX_MARKUP_CHARS = 32 * 1024;
const MAX_HOSTS = 100;

/** @param message with its HTML, if it has any @throws {ToolError} if no thread became free in time */
export async function readHtmlFindings(message: Message, runJob: RunJob): Promise<HtmlFindings> {
  const html = (message.html ?? '').slice(0, MAX_HTML_CHARS);
  const converted = html === '' ? undefined : await textFromHtml(html, { chars: MAX_TEXT_CHARS, runJob });
  const text = (converted?.text ?? message.text ?? '').slice(0, MAX_TEXT_CHARS);
  const isNewsletter = readHeaderFields(message.header.toString('latin1')).some(({ name }) => name === NEWSLETTER);
  const hidden = converted === undefined ? 0 : hiddenLetters(converted.hidden, text, isNewsletter);
  const glyphless = [text, message.subject, message.from[0]?.name ?? ''].map(
    (each) => visibleText(each).hidden.letters,
  );
  const deceits = deceitsIn({ text, html: html.slice(0, MAX_MARKUP_CHARS) });
  return {
    deceits,
    hiddenLetters: glyphless.reduce((sum, letters) => sum + letters, Math.max(hidden, message.hiddenLetters)),
    hosts: hostsIn(html === '' ? text : html).filter((host) => deceits.every((deceit) => deceit.host !== host)),
  };
}

const NEWSLETTER = 'list-unsubscribe';

/** Behind a name and its `@`, too. */
const HOST = /\bhttps?:\/\/(?:[^\s/<>"'?#@]{0,200}@)?([^\s/<>"'?#@:]{1,253})/gi;

function hostsIn(text: string): string[] {
  const hosts = new Set<string>();
  for (const [, host = ''] of text.matchAll(HOST)) {
    if (hosts.size >= MAX_HOSTS) break;
    hosts.add(host.toLowerCase());
  }
  return [...hosts];
}

/** What a link shows → where it leads, by its organizational domain: what stands before that is the sender's choice. */
export function deceitText({ pretended, host, how }: Deceit): string {
  return pretended === undefined ? how : `${pretended} → ${domainParts(host)?.organization ?? host}`;
}
