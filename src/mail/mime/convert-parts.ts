/** Decodes text parts, and converts HTML to text, until enough of them is converted. Runs in a worker thread if the parts are large. */
import { type HiddenElement, textOfHtml } from '../html/html-text.ts';
import { isHtml } from './body-parts.ts';
import type { Part } from './body-structure.ts';
import { decodeBody, type TextRange, toHtml } from './body-text.ts';

/** A part to convert: for the text of the message, for its HTML, or for both. */
export interface PartToConvert {
  part: Part;
  range: TextRange;
  isForText: boolean;
  isForHtml: boolean;
}

export interface ConversionInput {
  /** In the order of the message. */
  parts: PartToConvert[];
  /** Characters that are needed of each form. The result may have more. */
  textChars: number;
  htmlChars: number;
  /** After this time no further part is converted. */
  maxMs: number;
}

/** Null: not wanted, or not converted. */
export interface ConvertedPart {
  text: string | null;
  html: string | null;
  /** What HTML hides, if `text` was made from it. */
  hidden: HiddenElement[];
}

export interface ConversionOutput {
  /** As many as the input has. */
  parts: ConvertedPart[];
  /** False if the rest of that form was not needed, or could not be converted within the limits. */
  isTextWhole: boolean;
  isHtmlWhole: boolean;
  /** True if the time or the complexity of the HTML is the reason. */
  isOverLimit: boolean;
  /** True if not all of the style sheets were applied. */
  isStyleCut: boolean;
  /** Time that the conversion took. */
  ms: number;
}

/** Long HTML is converted in steps, from its start to these lengths, as long as that gives too little text. */
const STEPS_CHARS = [96 * 1024, 384 * 1024];
/** The end of the text may differ if the HTML is cut. */
const UNCERTAIN_CHARS = 2_000;

export function convertParts({ parts, textChars, htmlChars, maxMs }: ConversionInput): ConversionOutput {
  const startedAt = performance.now();
  const endsAt = startedAt + maxMs;
  const output: ConversionOutput = {
    parts: [],
    isTextWhole: true,
    isHtmlWhole: true,
    isOverLimit: false,
    isStyleCut: false,
    ms: 0,
  };
  const left = { text: textChars, html: htmlChars };
  for (const { part, range, isForText, isForHtml } of parts) {
    const isLate = output.parts.length > 0 && performance.now() > endsAt;
    const wantsText = isForText && left.text > 0 && output.isTextWhole && !isLate;
    const wantsHtml = isForHtml && left.html > 0 && !isLate;
    output.isOverLimit ||= isLate;
    if (isForText && !wantsText) output.isTextWhole = false;
    if (isForHtml && !wantsHtml) output.isHtmlWhole = false;
    const body = wantsText || wantsHtml ? decodeBody(part, range) : '';
    const html = wantsHtml ? toHtml(part, body) : null;
    const { text, hidden } = wantsText ? convertText(part, body, left.text, output) : { text: null, hidden: [] };
    output.parts.push({ text, html, hidden });
    left.text -= text?.length ?? 0;
    left.html -= html?.length ?? 0;
  }
  output.ms = performance.now() - startedAt;
  return output;
}

function convertText(
  part: Part,
  body: string,
  chars: number,
  output: ConversionOutput,
): { text: string; hidden: HiddenElement[] } {
  if (!isHtml(part)) return { text: body.trimEnd(), hidden: [] };
  const { text, isWhole, isOverLimit, isStyleCut, hidden } = convertHtml({ html: body, chars });
  if (!isWhole) output.isTextWhole = false;
  if (isOverLimit) output.isOverLimit = true;
  if (isStyleCut) output.isStyleCut = true;
  return { text: text.trimEnd(), hidden };
}

export interface ConvertedHtml {
  text: string;
  /** False if the text goes on. */
  isWhole: boolean;
  /** True if that is so because the HTML is too complex. */
  isOverLimit: boolean;
  /** True if not all of the style sheets were applied. */
  isStyleCut: boolean;
  /** What the style hides of what was converted. */
  hidden: HiddenElement[];
}

/** Converts HTML from its start, as much of it as so many characters of text need. */
export function convertHtml({ html, chars }: { html: string; chars: number }): ConvertedHtml {
  for (const step of STEPS_CHARS) {
    if (html.length < 2 * step) break;
    const { text, ...start } = textOfHtml(html.slice(0, step));
    if (text.length > chars + UNCERTAIN_CHARS) {
      return { ...start, text: text.slice(0, -UNCERTAIN_CHARS), isWhole: false, isOverLimit: false };
    }
  }
  const { isCut, ...whole } = textOfHtml(html);
  return { ...whole, isWhole: !isCut, isOverLimit: isCut };
}
