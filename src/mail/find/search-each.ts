/** Runs searches in several mailboxes, in groups that take one round trip each, within a limit of time for all. */
import { UpstreamError } from '../../errors.ts';
import type { ImapConnection, Visit, Visited } from '../imap/imap-connection.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import { encodeSearch } from '../search/encode-search.ts';
import type { SearchKey } from '../search/keys.ts';
import { type FoundUids, uidSearchCommand } from '../search/uid-search.ts';

/** What the searches have found in one mailbox. */
export interface SearchedEach {
  path: string;
  uidValidity: string;
  /** In the order of the searches. */
  found: FoundUids[];
}

export type NotSearchedWhy = 'time' | 'refused' | 'charset' | 'number';

export interface NotSearched {
  path: string;
  messages: number | null;
  why: NotSearchedWhy;
}

export interface EachSearch {
  searched: SearchedEach[];
  notSearched: NotSearched[];
}

export interface EachRequest {
  mailboxes: readonly SearchedMailbox[];
  /** Called for each mailbox with the connection that is used: the searches may depend on the capabilities of the server. At least one each. */
  makeSearches: (imap: ImapConnection, mailbox: SearchedMailbox) => readonly (readonly SearchKey[])[];
  /** Instant of performance.now() at which the search ends. */
  endsAt: number;
  /** True: without RETURN and CHARSET, for servers that find nothing with them. */
  isPlain?: boolean;
}

const GROUP_SIZE = 8;
const MAX_MAILBOXES = 200;
/** Less time is not worth a command. */
const MIN_MS = 100;
/** Connections that a server may drop during one search. */
const MAX_DROPS = 3;

/** A mailbox in which the search takes too long, or which the server refuses, does not affect the others. */
export async function searchEach(withConnection: WithConnection, request: EachRequest): Promise<EachSearch> {
  const progress = new Progress(request.mailboxes);
  for (let drops = 0; drops <= MAX_DROPS && progress.isOpen(request.endsAt); ) {
    try {
      await withConnection((imap) => searchOn(imap, progress, request), progress.left[0]?.path);
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.code !== 'CONNECTION_LOST' || !progress.hasBegun) throw error;
      drops += 1;
      progress.skip('refused');
    }
  }
  return progress.end();
}

/** Searches group by group until all are searched or the connection is closed. */
async function searchOn(imap: ImapConnection, progress: Progress, request: EachRequest): Promise<void> {
  const { endsAt, isPlain = false } = request;
  const searchesIn = (mailbox: SearchedMailbox) =>
    request.makeSearches(imap, mailbox).map((keys) => encodeSearch(keys));
  while (imap.isUsable && progress.isOpen(endsAt)) {
    const all = progress.left.slice(0, GROUP_SIZE).map((mailbox) => ({ mailbox, searches: searchesIn(mailbox) }));
    const most = Math.max(...all.map(({ searches }) => searches.length));
    const group = all.slice(0, Math.max(1, Math.floor(GROUP_SIZE / Math.max(1, Math.ceil(most / MAX_SEARCHES)))));
    const visits = group.flatMap(({ mailbox: { path }, searches }) =>
      searches.map(({ tokens, needsUtf8 }): Visit<FoundUids> => {
        const charset = needsUtf8 && !isPlain ? 'UTF-8' : undefined;
        return { name: path, commands: [uidSearchCommand(imap, tokens, { charset, isPlain })] };
      }),
    );
    const { visited } = await imap.openEach(visits, { limitMs: progress.limitMs(endsAt) });
    let next = 0;
    for (const { mailbox, searches } of group) {
      const own = visited.slice(next, next + searches.length);
      next += searches.length;
      const needsUtf8 = searches.some((search) => search.needsUtf8);
      if (!progress.record(mailbox, own, needsUtf8)) break;
    }
  }
}

/** Searches in one mailbox that go with seven other mailboxes into one round trip. */
const MAX_SEARCHES = 12;

class Progress {
  left: readonly SearchedMailbox[];
  readonly #searched: SearchedEach[] = [];
  readonly #notSearched: NotSearched[] = [];
  hasBegun = false;

  constructor(mailboxes: readonly SearchedMailbox[]) {
    this.left = mailboxes.slice(0, MAX_MAILBOXES);
    for (const mailbox of mailboxes.slice(MAX_MAILBOXES)) this.#leaveOut(mailbox, 'number');
  }

  isOpen(endsAt: number): boolean {
    return this.left.length > 0 && endsAt - performance.now() >= MIN_MS;
  }

  /** One mailbox may use half of the time that is left, the last one all of it. */
  limitMs(endsAt: number): number {
    const leftMs = endsAt - performance.now();
    return this.left.length === 1 ? leftMs : Math.max(MIN_MS, leftMs / 2);
  }

  /** @returns false if the connection was closed before the mailbox was searched */
  record(mailbox: SearchedMailbox, visited: readonly Visited<FoundUids>[], needsUtf8: boolean): boolean {
    const failed = visited.map(failureOf).find((failure) => failure !== undefined);
    const [first] = visited;
    if (failed === undefined && first?.selected) {
      this.hasBegun = true;
      const found = visited.flatMap(({ outcomes }) =>
        outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
      );
      this.#searched.push({ path: mailbox.path, uidValidity: first.selected.uidValidity, found });
      this.left = this.left.slice(1);
      return true;
    }
    const error = failed?.reason;
    if (error instanceof UpstreamError && error.fault === 'refused' && error.code !== 'CONNECTION_LOST') {
      const isCharset =
        error.code === 'BADCHARSET' || (needsUtf8 && visited.every(({ selected }) => selected !== null));
      this.skip(isCharset ? 'charset' : 'refused');
      return true;
    }
    if (error instanceof UpstreamError && error.fault === 'timeout') {
      this.skip('time');
      return false;
    }
    throw error ?? new Error('no result');
  }

  skip(why: NotSearchedWhy): void {
    const [mailbox] = this.left;
    if (mailbox !== undefined) this.#leaveOut(mailbox, why);
    this.left = this.left.slice(1);
    this.hasBegun = true;
  }

  end(): EachSearch {
    for (const mailbox of this.left) this.#leaveOut(mailbox, 'time');
    return { searched: this.#searched, notSearched: this.#notSearched };
  }

  #leaveOut({ path, messages }: SearchedMailbox, why: NotSearchedWhy): void {
    this.#notSearched.push({ path, messages, why });
  }
}

function failureOf({ selected, refusal, outcomes }: Visited<FoundUids>): { reason: unknown } | undefined {
  if (selected === null) return { reason: refusal };
  return outcomes.find((outcome) => outcome.status === 'rejected');
}
