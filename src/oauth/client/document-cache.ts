/** Caches client metadata documents, and limits how often they are fetched. */
import { OAuthError } from '../../errors.ts';
import { createSemaphore } from '../../state/semaphore.ts';
import type { State } from '../../state/state.ts';
import { sha256 } from '../http/constant-time.ts';
import { PageError } from '../pages/page-error.ts';
import { isTrusted, type TrustedHosts } from './dynamic-clients.ts';
import type { FetchDocument } from './fetch-document.ts';
import {
  type ClientDocument,
  documentUrlProblem,
  parseClientDocument,
  UntrustedHostError,
} from './metadata-document.ts';

const DAY_MS = 24 * 3_600_000;

/** A document is used without a new fetch for at least this long, whatever its headers say, and never longer than a day. */
const MIN_FRESH_MS = 5 * 60_000;

/** When there are more, the one that was fetched longest ago is dropped. */
const MAX_DOCUMENTS = 1000;

/**
 * Limits of fetches: anyone can send URLs at a trusted host that lead to no document. A URL is known after a client was read from its document.
 * Unknown URLs: for one network, fetches at the same time and in a minute; what all networks share is far above it, and protects the hosts. A known
 * URL: fetches in a minute.
 */
const LIMITS = {
  concurrentOfNetwork: 4,
  concurrentUnknown: 48,
  unknownOfNetwork: 20,
  unknownOfHost: 300,
  unknownOfAll: 600,
  known: 30,
};
const MINUTE_SECONDS = 60;

/** A URL whose document was not fetched for this long counts as unknown again. */
const KNOWN_FOR_MS = 90 * DAY_MS;

export interface DocumentCache {
  /**
   * @param url a client_id
   * @param network that asks for it
   * @throws {OAuthError} `invalid_client` if no client is described there, or its host is not trusted; `temporarily_unavailable` if that cannot
   *   be determined now
   */
  get(url: string, network: string): Promise<ClientDocument>;
}

export function createDocumentCache(services: {
  fetchDocument: FetchDocument;
  trustedHosts: TrustedHosts;
  acceptsLoopbackDocuments?: boolean;
  state: State;
  now: () => Date;
  maxDocuments?: number;
}): DocumentCache {
  const {
    fetchDocument,
    trustedHosts,
    acceptsLoopbackDocuments = false,
    state,
    now,
    maxDocuments = MAX_DOCUMENTS,
  } = services;
  // Each has its own room and limits, so that strangers cannot use up those of known clients.
  const trusted = { kept: createKeptDocuments(now, maxDocuments), limit: createFetchLimit(state, now, 'documents') };
  const others = {
    kept: createKeptDocuments(now, maxDocuments),
    limit: createFetchLimit(state, now, 'documents-of-others'),
  };
  const roomOf = (url: string) => (isTrusted(trustedHosts, new URL(url).host) ? trusted : others);

  const fetchShared = shareByUrl(async (url, network) => {
    const { kept, limit } = roomOf(url);
    const { text, freshSeconds } = await limit.admit({ url, network }, () => fetchDocument(url));
    const document = parseDocument(text, url, trustedHosts);
    kept.put(url, document, freshSeconds);
    await limit.markKnown(url);
    return document;
  });

  return {
    async get(url, network) {
      requireTrustedUrl(url, acceptsLoopbackDocuments ? 'any' : trustedHosts);
      const { kept } = roomOf(url);
      const known = kept.get(url);
      if (known?.isFresh) return known.document;
      try {
        return await fetchShared(url, network);
      } catch (error) {
        // A document of the last day is used while its host is unavailable (RFC 5861 §4); an answer of the host always takes precedence.
        const code = error instanceof OAuthError ? error.code : undefined;
        if (code === 'temporarily_unavailable' && known?.isUsable()) return known.document;
        if (code === 'invalid_client') kept.delete(url);
        throw error;
      }
    },
  };
}

/** @throws {OAuthError} `invalid_client` */
function requireTrustedUrl(url: string, trustedHosts: TrustedHosts): void {
  if (documentUrlProblem(url) !== null) {
    throw new PageError('invalid_client', (t) => t.errors.noDocumentUrl);
  }
  if (!isTrusted(trustedHosts, new URL(url).host)) {
    throw untrustedHost();
  }
}

function parseDocument(text: string, url: string, trustedHosts: TrustedHosts): ClientDocument {
  try {
    return parseClientDocument(text, url, trustedHosts);
  } catch (cause) {
    if (cause instanceof UntrustedHostError) throw untrustedHost(cause);
    throw new PageError('invalid_client', (t) => t.errors.documentInvalid, { cause });
  }
}

const untrustedHost = (cause?: unknown): OAuthError =>
  new PageError('invalid_client', (t) => t.errors.documentHostUntrusted, { cause });

function createKeptDocuments(now: () => Date, maxDocuments: number) {
  /** In the order in which they were fetched. */
  const kept = new Map<string, { document: ClientDocument; fetchedAt: number; freshUntil: number }>();
  return {
    /** `isFresh`: usable without a new fetch. `isUsable`: usable, at the time of the call, while its host is unavailable. */
    get(url: string) {
      const entry = kept.get(url);
      if (entry === undefined) return undefined;
      const isUsable = () => now().getTime() < entry.fetchedAt + DAY_MS;
      return { document: entry.document, isFresh: now().getTime() < entry.freshUntil, isUsable };
    },
    put(url: string, document: ClientDocument, freshSeconds: number): void {
      const fetchedAt = now().getTime();
      const freshUntil = fetchedAt + Math.min(Math.max(freshSeconds * 1000, MIN_FRESH_MS), DAY_MS);
      kept.delete(url);
      kept.set(url, { document, fetchedAt, freshUntil });
      const [oldest] = kept.keys();
      if (kept.size > maxDocuments && oldest !== undefined) kept.delete(oldest);
    },
    delete: (url: string) => void kept.delete(url),
  };
}

/** Known URLs have a limit of their own, which requests for unknown ones cannot use up. */
function createFetchLimit(state: State, now: () => Date, prefix: string) {
  const running = createSemaphore({ places: LIMITS.concurrentUnknown, placesPerKey: LIMITS.concurrentOfNetwork });

  async function count(key: string, max: number): Promise<void> {
    if ((await state.count(key, MINUTE_SECONDS)).count > max) throw tooManyFetches();
  }

  return {
    /** @throws {OAuthError} `temporarily_unavailable` beyond a limit */
    async admit<T>({ url, network }: { url: string; network: string }, fetching: () => Promise<T>): Promise<T> {
      const [knownSince] = await state.readMarks([knownKey(url)]);
      if (knownSince !== null) {
        await count(`documents:${sha256(url)}`, LIMITS.known);
        return fetching();
      }
      if (!running.tryAcquire(network)) throw tooManyFetches();
      try {
        await count(`${prefix}:of:${network}`, LIMITS.unknownOfNetwork);
        await count(`${prefix}:${sha256(new URL(url).host)}`, LIMITS.unknownOfHost);
        await count(prefix, LIMITS.unknownOfAll);
        return await fetching();
      } finally {
        running.release(network);
      }
    },
    /** The URL has led to a client. */
    markKnown: (url: string): Promise<void> => state.mark(knownKey(url), new Date(now().getTime() + KNOWN_FOR_MS)),
  };
}

/** Requests for the same URL at the same time share one fetch. What keeps one network from fetching keeps no other one. */
function shareByUrl(fetchAnew: DocumentCache['get']): DocumentCache['get'] {
  const running = new Map<string, { network: string; fetching: Promise<ClientDocument> }>();

  function begin(url: string, network: string): Promise<ClientDocument> {
    const fetching = fetchAnew(url, network).finally(() => running.delete(url));
    running.set(url, { network, fetching });
    return fetching;
  }

  return async (url, network) => {
    const started = running.get(url);
    if (started === undefined) return begin(url, network);
    try {
      return await started.fetching;
    } catch (error) {
      if (started.network === network || !(error instanceof OAuthError) || error.code === 'invalid_client') throw error;
      return running.get(url)?.fetching ?? begin(url, network);
    }
  };
}

const knownKey = (url: string): string => `document:${sha256(url)}`;

const tooManyFetches = (): OAuthError => new PageError('temporarily_unavailable', (t) => t.errors.tooManyDocuments);
