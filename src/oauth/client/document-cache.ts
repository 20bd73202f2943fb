/** What clients say about themselves at the URL that is their client_id: fetched when needed, kept for a while. */
import { OAuthError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { sha256 } from '../http/constant-time.ts';
import { isTrusted, type TrustedHosts } from './dynamic-clients.ts';
import type { FetchDocument } from './fetch-document.ts';
import { type ClientDocument, documentUrlProblem, parseClientDocument } from './metadata-document.ts';

const DAY_MS = 24 * 3_600_000;

/** A document is used without asking for at least this long, whatever its headers say, and never longer than a day. */
const FLOOR_MS = 5 * 60_000;

/** Most documents that are kept; the one that was fetched longest ago makes room. */
const MOST = 1000;

/**
 * Anybody can make up URLs at a trusted host. Fetches at a time, and in a minute those of one host and all, that have never led to a client;
 * then those of one URL that has.
 */
const LIMITS = { atOnce: 8, ofHost: 30, ofAll: 120, ofFound: 30 };
const MINUTE_SECONDS = 60;

/** After this without being asked for, a client takes its turn among the others. */
const FOUND_MS = 90 * DAY_MS;

interface Kept {
  document: ClientDocument;
  fetchedAt: number;
  freshUntil: number;
}

export interface DocumentCache {
  /**
   * @param url a client_id
   * @throws {OAuthError} `invalid_client` if no client is described there, or its host is not trusted; `temporarily_unavailable` if that cannot
   *   be found out now
   */
  get(url: string): Promise<ClientDocument>;
}

export function createDocumentCache(services: {
  fetchDocument: FetchDocument;
  trustedHosts: TrustedHosts;
  state: State;
  now: () => Date;
  most?: number;
}): DocumentCache {
  const { fetchDocument, trustedHosts, state, now, most = MOST } = services;
  /** In the order they were fetched. */
  const kept = new Map<string, Kept>();
  const running = new Map<string, Promise<ClientDocument>>();
  let guesses = 0;

  function keep(url: string, document: ClientDocument, freshSeconds: number): void {
    const fetchedAt = now().getTime();
    kept.delete(url);
    kept.set(url, {
      document,
      fetchedAt,
      freshUntil: fetchedAt + Math.min(Math.max(freshSeconds * 1000, FLOOR_MS), DAY_MS),
    });
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
  }

  async function admit(key: string, most: number): Promise<void> {
    if ((await state.count(key, MINUTE_SECONDS)).count > most) throw tooMany();
  }

  /** The clients that are there do not wait behind guesses. */
  async function inTurn<T>(url: string, fetching: () => Promise<T>): Promise<T> {
    const [found] = await state.claimed([foundMark(url)]);
    if (found !== null) {
      await admit(`documents:${sha256(url)}`, LIMITS.ofFound);
      return fetching();
    }
    if (guesses >= LIMITS.atOnce) throw tooMany();
    guesses++;
    try {
      await admit(`documents:${sha256(new URL(url).host)}`, LIMITS.ofHost);
      await admit('documents', LIMITS.ofAll);
      return await fetching();
    } finally {
      guesses--;
    }
  }

  async function fetchAnew(url: string): Promise<ClientDocument> {
    const { text, freshSeconds } = await inTurn(url, () => fetchDocument(url));
    const document = parsed(text, url);
    keep(url, document, freshSeconds);
    await state.mark(foundMark(url), new Date(now().getTime() + FOUND_MS));
    return document;
  }

  function parsed(text: string, url: string): ClientDocument {
    try {
      return parseClientDocument(text, url, trustedHosts);
    } catch (cause) {
      throw new OAuthError('invalid_client', 'The document at the client_id does not describe a client.', { cause });
    }
  }

  /** One fetch for all who ask at the same time. */
  function fetchOnce(url: string): Promise<ClientDocument> {
    const started = running.get(url);
    if (started) return started;
    const fetching = fetchAnew(url).finally(() => running.delete(url));
    running.set(url, fetching);
    return fetching;
  }

  return {
    async get(url) {
      if (documentUrlProblem(url) !== null) {
        throw new OAuthError('invalid_client', 'The client_id is a URL that names no client.');
      }
      if (!isTrusted(trustedHosts, new URL(url).host)) {
        throw new OAuthError('invalid_client', 'The client_id is a URL at a host that is not trusted here.');
      }
      const known = kept.get(url);
      if (known && now().getTime() < known.freshUntil) return known.document;
      try {
        return await fetchOnce(url);
      } catch (error) {
        // What its host said within a day holds while the host cannot be asked (RFC 5861 §4); what it says now always does.
        const code = error instanceof OAuthError ? error.code : undefined;
        const isRecent = known !== undefined && now().getTime() < known.fetchedAt + DAY_MS;
        if (code === 'temporarily_unavailable' && isRecent) return known.document;
        if (code === 'invalid_client') kept.delete(url);
        throw error;
      }
    },
  };
}

const foundMark = (url: string): string => `document:${sha256(url)}`;

const tooMany = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'Too many applications are introducing themselves; try again in a minute.');
