/** Checks flags that a caller wrote and normalises them (RFC 9051 §2.3.2). */
import { ToolError } from '../../errors.ts';
import type { SelectedMailbox } from '../imap/imap-connection.ts';
import { quoteName } from '../mailbox-name.ts';

const SYSTEM_FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'];

/** atom-char of RFC 9051 §9: no controls, white space, `(`, `)`, `{`, `%`, `*`, `"`, `\` and `]`. */
const KEYWORD = /^[\x21\x23\x24\x26\x27\x2b-\x5b\x5e-\x7a\x7c-\x7e]+$/;

/**
 * @param name `\Seen`, `seen` or a keyword such as `$Label1`
 * @throws {ToolError} if a message cannot have such a flag
 */
export function canonicalFlag(name: string): string {
  const system = SYSTEM_FLAGS.find((flag) => flag.toLowerCase() === `\\${name.replace(/^\\/, '')}`.toLowerCase());
  if (system !== undefined) return system;
  if (/^\\?recent$/i.test(name)) throw new ToolError(`The flag ${quoteName(name)} is set by the server alone.`);
  if (KEYWORD.test(name)) return name;
  throw new ToolError(
    `${quoteName(name)} is no flag. Use ${SYSTEM_FLAGS.join(', ')} or a keyword of ASCII letters, digits, "$", "-" and "_".`,
  );
}

/** The name in `label:Name`; null for flags and keywords. */
export function labelIn(name: string): string | null {
  return /^label:/i.test(name) ? name.slice('label:'.length).trim() : null;
}

/** Keywords are the same in any case (RFC 9051 §2.3.2). */
export function isSameFlag(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** @throws {ToolError} if the mailbox does not keep the flag (PERMANENTFLAGS, RFC 9051 §7.1) */
export function requirePermanent({ permanentFlags, path }: SelectedMailbox, flag: string): void {
  if (permanentFlags === null) return;
  const isKept = [...permanentFlags].some((kept) => isSameFlag(kept, flag));
  if (isKept || (!flag.startsWith('\\') && permanentFlags.has('\\*'))) return;
  throw new ToolError(
    `The mailbox ${quoteName(path)} does not keep the flag ${quoteName(flag)}. The server has no way to store it.`,
  );
}
