/** Keeps the selected mailbox of a connection up to date with the untagged responses of the server (RFC 9051 §6.3.2, §7.4.1, §7.5.1). */
import {
  countOfSet,
  type Item,
  isList,
  listOf,
  numberOf,
  type ParsedResponse,
  textOf,
  type UntaggedResponse,
} from './data-formats.ts';

/** The mailbox that is selected, as the server has described it so far. */
export interface SelectedMailbox {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** Decimal; `0` if the server gives none, which means that its UIDs are not persistent (RFC 9051 §2.3.1.1). */
  readonly uidValidity: string;
  /** Number of messages, which is the highest sequence number. */
  readonly exists: number;
  /** Flags that can be kept; `\*` means any keyword. Null if the server does not list them: any flag. */
  readonly permanentFlags: ReadonlySet<string> | null;
  /** As it was when the mailbox was opened; null if the server does not say. */
  readonly uidNext: number | null;
  /** Likewise, decimal (RFC 7162 §3.1.2.1). */
  readonly highestModSeq: string | null;
}

type Described = Omit<SelectedMailbox, 'path' | 'isReadOnly'>;

const UNDESCRIBED: Described = {
  exists: 0,
  uidValidity: '0',
  permanentFlags: null,
  uidNext: null,
  highestModSeq: null,
};

/** Collects the responses to one SELECT or EXAMINE. */
export class SelectResponses {
  described: Described = UNDESCRIBED;

  readonly handlers: Record<string, (response: UntaggedResponse) => void> = {
    EXISTS: ({ name: count }) => {
      this.described = { ...this.described, exists: Number(count) };
    },
    OK: ({ items }) => {
      const [key, value] = responseCodeOf(items);
      const name = textOf(key)?.toUpperCase();
      // Responses before CLOSED belong to the previously selected mailbox (RFC 9051 §7.1).
      if (name === 'CLOSED') this.described = UNDESCRIBED;
      if (name === 'UIDVALIDITY') this.described = { ...this.described, uidValidity: `${numberOf(value) ?? 0}` };
      if (name === 'UIDNEXT') this.described = { ...this.described, uidNext: numberOf(value) };
      if (name === 'HIGHESTMODSEQ') this.described = { ...this.described, highestModSeq: decimalOf(value) };
      if (name === 'PERMANENTFLAGS') {
        const permanentFlags = new Set(listOf(value).map((flag) => textOf(flag) ?? ''));
        this.described = { ...this.described, permanentFlags };
      }
    },
  };
}

/** Mailboxes whose number of messages is remembered, on each connection. */
const MAX_REMEMBERED_COUNTS = 50;

/** The selected mailbox and the number of messages of those selected before. */
export class Selection {
  #selected: { -readonly [K in keyof SelectedMailbox]: SelectedMailbox[K] } | null = null;
  #updates = 0;
  /** Numbers of messages by path. They may have changed since. */
  readonly #counts = new Map<string, number>();

  get selected(): SelectedMailbox | null {
    return this.#selected;
  }

  /** Number of untagged responses so far that reported a change of the selected mailbox or its messages. */
  get updates(): number {
    return this.#updates;
  }

  /** The number of messages as last reported; null if the mailbox was not among the last 50 selected. */
  lastCountOf(path: string): number | null {
    return this.#selected?.path === path ? this.#selected.exists : (this.#counts.get(path) ?? null);
  }

  /** No mailbox is selected until select(). */
  unselect(): void {
    if (this.#selected === null) return;
    const { path, exists } = this.#selected;
    this.#counts.delete(path);
    this.#counts.set(path, exists);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_REMEMBERED_COUNTS && oldest !== undefined) this.#counts.delete(oldest);
    this.#selected = null;
  }

  select(mailbox: SelectedMailbox): SelectedMailbox {
    const selected = { ...mailbox };
    this.#selected = selected;
    return selected;
  }

  /** Handles the untagged responses that no running command handles. */
  readonly handlers: Record<'EXISTS' | 'FETCH' | 'EXPUNGE' | 'VANISHED', (response: ParsedResponse) => Promise<void>> =
    {
      EXISTS: async ({ command = '' }) => {
        if (this.#selected === null || !/^\d{1,10}$/.test(command)) return;
        if (this.#selected.exists !== Number(command)) this.#updates += 1;
        this.#selected.exists = Number(command);
      },
      // Flags changed by another connection: a FETCH response to a command of this connection goes to that command.
      FETCH: async () => {
        this.#updates += 1;
      },
      EXPUNGE: async () => {
        this.#updates += 1;
        if (this.#selected !== null) this.#selected.exists = Math.max(0, this.#selected.exists - 1);
      },
      // In place of EXPUNGE once QRESYNC is enabled; of messages that were gone EARLIER, EXISTS does not count any.
      VANISHED: async ({ attributes = [] }) => {
        this.#updates += 1;
        const count = isList(attributes[0]) ? 0 : (countOfSet(textOf(attributes[0]) ?? '') ?? 0);
        if (this.#selected !== null) this.#selected.exists = Math.max(0, this.#selected.exists - count);
      },
    };
}

function decimalOf(item: Item | undefined): string | null {
  const text = textOf(item);
  return text !== null && /^\d{1,20}$/.test(text) ? text : null;
}

/** The response code of a status response and its arguments; empty if there is none. */
export function responseCodeOf(items: readonly Item[]): readonly Item[] {
  const [status] = items;
  return status === undefined || status === null || isList(status) ? [] : (status.section ?? []);
}
