/**
 * Lists the protocol versions that `/mcp` accepts, in the two eras.
 *
 * endpoint.ts decides the era by the body of the request. The SDK refuses every other version (sdk-path.ts) with an error that names those
 * it supports; the fast path leaves such requests to it.
 */

/** The version of the era without `initialize`. */
export const MODERN_VERSION = '2026-07-28';

/** The only version that has batches (2025-03-26 basic, "Batching"); also the version of a request without the header. */
export const BATCH_VERSION = '2025-03-26';

/** Versions of the era that begins with `initialize`. */
export const LEGACY_VERSIONS: ReadonlySet<string> = new Set([BATCH_VERSION, '2025-06-18', '2025-11-25']);
