/** Cuts the bodies of a message to the requested length. */
import type { Message } from '../../mail/messages/read.ts';
import { bodySlice } from '../body-slice.ts';

/** `text_body` and `html_body`, as requested and as far as they have text, and where they were cut. */
export function toBodies(message: Message, args: { body_format: string; max_chars: number; body_offset: number }) {
  const { isComplete, textIsFromHtml } = message;
  const text = slice('text_body', args.body_format === 'html' ? null : message.text, { ...args, isComplete });
  const html = slice('html_body', args.body_format === 'text' ? null : message.html, { ...args, isComplete });
  const cut = [text?.cut, html?.cut].filter((each) => each !== undefined && each !== null);
  return {
    ...(text && { text_body: text.body, ...(textIsFromHtml && { text_from_html: true }) }),
    ...(html && { html_body: html.body }),
    ...(cut.length > 0 && { cut }),
  };
}

/** @returns undefined if there is no text from the offset on */
function slice(
  field: 'text_body' | 'html_body',
  whole: string | null,
  { isComplete, ...limits }: { max_chars: number; body_offset: number; isComplete: boolean },
) {
  const { body, next } = bodySlice(whole ?? '', limits);
  if (body === '') return undefined;
  return {
    body,
    cut: next && { field, next_offset: next.next_offset, ...(isComplete && { total_chars: next.total_chars }) },
  };
}
