/** The answers to SELECT and EXAMINE (RFC 9051 §6.3.2). */
import { type Item, isList, type Line, listOf, numberOf, textOf } from './tokens.ts';

/** The mailbox that is open; kept up to date with what the server tells. */
export interface SelectedMailbox {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** Decimal; `0` if the server gives none, which means that UIDs do not last (RFC 9051 §2.3.1.1). */
  readonly uidValidity: string;
  /** Number of messages, which is the highest sequence number. */
  readonly exists: number;
  /** Flags that can be kept; `\*` stands for any keyword. Null if the server does not say: all of them. */
  readonly permanentFlags: ReadonlySet<string> | null;
}

type Seen = Pick<SelectedMailbox, 'uidValidity' | 'exists' | 'permanentFlags'>;

/** Gathers what the server says while the command runs. */
export class SelectAnswers {
  seen: Seen = { exists: 0, uidValidity: '0', permanentFlags: null };

  readonly handlers: Record<string, (line: Line) => void> = {
    EXISTS: ({ name: count }) => {
      this.seen = { ...this.seen, exists: Number(count) };
    },
    OK: ({ items }) => {
      const [key, value] = sectionOf(items);
      const name = textOf(key)?.toUpperCase();
      // What came before was news of the mailbox that was open until now (RFC 9051 §7.1).
      if (name === 'CLOSED') this.seen = { exists: 0, uidValidity: '0', permanentFlags: null };
      if (name === 'UIDVALIDITY') this.seen = { ...this.seen, uidValidity: `${numberOf(value) ?? 0}` };
      if (name === 'PERMANENTFLAGS') {
        const permanentFlags = new Set(listOf(value).map((flag) => textOf(flag) ?? ''));
        this.seen = { ...this.seen, permanentFlags };
      }
    },
  };
}

/** The response code of a status line and its arguments; empty if there is none. */
export function sectionOf(items: readonly Item[]): readonly Item[] {
  const [status] = items;
  return status === undefined || status === null || isList(status) ? [] : (status.section ?? []);
}
