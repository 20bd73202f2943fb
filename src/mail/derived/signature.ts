/** Finds the signature in a message of the account owner's own, and puts it below a new text. */
import { splitDraft } from '../../text/split-draft.ts';
import { visibleText } from '../../text/visible-text.ts';

const MAX_CHARS = 1_000;

/** @returns the block after `-- ` (RFC 3676 §4.3) above any quotation; undefined if there is none */
export function signatureOf(text: string): string | undefined {
  const found = splitDraft(text).find(({ kind }) => kind === 'signature');
  const block = visibleText((found?.lines ?? []).slice(1).join('\n')).text.trim();
  return block === '' || block.length > MAX_CHARS ? undefined : block;
}

/** True if the text has a signature of its own, or ends with this one. */
export function isSigned(text: string, signature: string): boolean {
  const flat = (some: string) => some.replace(/\s+/g, ' ').trim();
  return splitDraft(text).some(({ kind }) => kind === 'signature') || flat(text).endsWith(flat(signature));
}
