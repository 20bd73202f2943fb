/** Decides which parts of a message are its text, its HTML and its attachments, after RFC 8621 §4.1.4. */
import type { Part } from './body-structure.ts';

export interface BodyParts {
  /** To be read as plain text, in order; with HTML parts where there is no plain text alternative. */
  text: Part[];
  /** To be shown as HTML, in order, with plain text parts that have no HTML alternative. Without any HTML part, the message has no HTML. */
  html: Part[];
  attachments: { part: Part; inline: boolean }[];
}

/** Types of text that hold data, such as calendars, and count as attachments. */
const DATA_TYPES =
  /^text\/(?:calendar|(?:x-)?vcard|directory|csv|tab-separated-values|rtf|css|javascript|ecmascript|xml|rfc822-headers|x-moz-deleted)$/;

export function findBodyParts(root: Part): BodyParts {
  return arrange(root, true);
}

/** @param isFirst the first part of its multipart, which is not an attachment even if it has a name */
function arrange(part: Part, isFirst: boolean): BodyParts {
  if (part.children.length === 0) return arrangeLeaf(part, isFirst);
  if (part.type === 'multipart/alternative') return arrangeAlternative(part);
  if (part.type === 'multipart/related') return arrangeRelated(part, isFirst);
  return join(part.children.map((child, index) => arrange(child, index === 0)));
}

function arrangeLeaf(part: Part, isFirst: boolean): BodyParts {
  const isText = part.type.startsWith('text/') && !DATA_TYPES.test(part.type);
  if (isText && part.disposition !== 'attachment' && (isFirst || part.filename === null)) {
    return { text: [part], html: [part], attachments: [] };
  }
  const isMedia = /^(?:image|audio|video)\//.test(part.type);
  return asAttachment(part, isMedia && part.disposition === 'inline' && part.contentId !== null);
}

/** Chooses one alternative for the text and one for the HTML; the richest comes last (RFC 2046 §5.1.4). */
function arrangeAlternative({ children }: Part): BodyParts {
  const forms = children.map((child) => arrange(child, true));
  const isPlain = ({ text }: BodyParts) =>
    text.length > 0 && text.every(({ type }) => type === 'text/plain') && text.some(hasContent);
  const hasHtml = ({ html }: BodyParts) => html.some((part) => isHtml(part) && hasContent(part));
  return {
    text:
      (forms.findLast(isPlain) ?? forms.findLast(hasHtml) ?? forms.findLast(({ text }) => text.length > 0))?.text ?? [],
    html: (forms.findLast(hasHtml) ?? forms.findLast(({ html }) => html.length > 0))?.html ?? [],
    attachments: forms.flatMap(({ attachments }) => attachments),
  };
}

/** Separates the root from the parts that it shows in place (RFC 2387). */
function arrangeRelated({ children, parameters }: Part, isFirst: boolean): BodyParts {
  const [start, type] = [parameters.get('start'), parameters.get('type')?.toLowerCase()];
  // A program that puts a picture first has not made it the root.
  const root =
    children.find(({ contentId }) => start !== undefined && contentId === start) ??
    children.find((child) => child.type === type) ??
    children.find(canBeRoot) ??
    children[0];
  const others = children.filter((child) => child !== root);
  return join([
    ...(root === undefined ? [] : [arrange(root, isFirst)]),
    ...others.map((child) => {
      const { attachments, text } = arrange(child, false);
      const rest = attachments.map(({ part }) => ({ part, inline: part.disposition !== 'attachment' }));
      return { text: [], html: [], attachments: [...rest, ...text.map((part) => ({ part, inline: true }))] };
    }),
  ]);
}

/** Servers add an empty part to a multipart that is never closed. */
function hasContent({ sizeBytes }: Part): boolean {
  return sizeBytes > 2;
}

function canBeRoot({ type }: Part): boolean {
  return type.startsWith('multipart/') || type === 'text/plain' || type === 'text/html';
}

export function isHtml({ type }: Part): boolean {
  return type === 'text/html' || type === 'application/xhtml+xml';
}

function asAttachment(part: Part, inline: boolean): BodyParts {
  return { text: [], html: [], attachments: [{ part, inline }] };
}

function join(all: BodyParts[]): BodyParts {
  return {
    text: all.flatMap(({ text }) => text),
    html: all.flatMap(({ html }) => html),
    attachments: all.flatMap(({ attachments }) => attachments),
  };
}
