/** Cuts the bodies of a message to the requested length. */
import type { Message } from '../../mail/messages/read.ts';
import { bodySlice } from '../body-slice.ts';

/** `text_body` and `html_body`, as requested, and where they were cut. */
export function toBodies(message: Message, args: { body_format: string; max_chars: number; body_offset: number }) {
  const { isComplete } = message;
  const text = slice('text_body', args.body_format === 'html' ? undefined : message.text, { ...args, isComplete });
  const html = slice('html_body', args.body_format === 'text' ? undefined : message.html, { ...args, isComplete });
  return {
    ...(text && { text_body: text.body, text_from_html: message.textIsFromHtml }),
    ...(html && { html_body: html.body }),
    cut: [text?.cut, html?.cut].filter((cut) => cut !== undefined),
  };
}

function slice(
  field: 'text_body' | 'html_body',
  whole: string | null | undefined,
  { isComplete, ...limits }: { max_chars: number; body_offset: number; isComplete: boolean },
) {
  if (whole === undefined) return undefined;
  if (whole === null) return { body: null, cut: undefined };
  const { body, next } = bodySlice(whole, limits);
  return { body, cut: next === null ? undefined : { field, ...next, ...(!isComplete && { total_chars: null }) } };
}
