/** Opens the session that the Missive tools of one call work with: the account of the grant, within the limits of the grant. */

import type { AttachmentStore } from '../attachments/store.ts';
import { LinkError } from '../attachments/store.ts';
import type { BodyShares } from '../body/body-shares.ts';
import { ToolError, UpstreamError } from '../errors.ts';
import type { Extraction } from '../extraction/extraction.ts';
import type { Log } from '../log.ts';
import { keyedDigests } from '../mail/send-once/keyed-message-id.ts';
import type { RecentResults } from '../mail/send-once/recent-results.ts';
import type { MissiveSession } from '../mcp/missive/missive-session.ts';
import { createKeyedCalls } from '../mcp/missive/writing/keyed-calls.ts';
import { createSendLimit, sendsKey } from '../mcp/permit/send-limit.ts';
import type { MissiveAccount } from '../missive/account.ts';
import { createMissiveApi } from '../missive/api.ts';
import type { Quota } from '../missive/rate-limit.ts';
import type { Grant } from '../oauth/bearer/bearer.ts';
import type { State } from '../state/state.ts';
import type { FetchFile } from '../web/fetch-file.ts';
import type { Workers } from '../workers/workers.ts';
import type { CallLife } from './call-life.ts';
import { createCancellation } from './cancellation.ts';

/** A grant for a Missive account, as far as a session depends on it. */
export type MissiveGrant = Pick<Grant, 'permit' | 'client' | 'subject' | 'timeZone'> & { account: MissiveAccount };

/** What all Missive sessions of a process share. */
export interface MissiveServices {
  workers: Workers;
  /** The memory for responses of Missive. */
  responses: BodyShares;
  store: AttachmentStore;
  fetchFile: FetchFile;
  extraction: Pick<Extraction, 'readFile'>;
  /** 32 bytes, the same in all replicas. */
  messageIdSecret: Buffer;
  recentResults: RecentResults;
  now: () => Date;
  log: Log;
  /** The state that counts sent messages; `areAllCounted` is true if it counts those of all replicas. */
  sends: { state: State; areAllCounted: boolean };
}

/** The request that a session serves. */
export interface MissiveExchange {
  /** Aborted when the client no longer wants the response. */
  cancelled: AbortSignal;
  /** Records what the call has begun. Absent: the call has no limit of time. */
  life?: Pick<CallLife, 'progress' | 'begin'>;
  /** Called with the rate limit that each response of Missive reports. */
  onQuota(quota: Quota): void;
}

export function openMissiveSession(
  grant: MissiveGrant,
  services: MissiveServices,
  { cancelled, life, onQuota }: MissiveExchange,
): MissiveSession {
  const { account, permit, client, subject, timeZone = 'UTC' } = grant;
  const { workers, responses, store, extraction, now, log, sends, recentResults, messageIdSecret } = services;
  const cancellation = createCancellation(cancelled);
  const api = createMissiveApi(account, {
    ...{ now, onQuota, cancelled },
    memory: { shares: responses, account: subject },
  });
  const most = permit.policy.max_sends_per_hour;
  return {
    api: {
      request: (request) =>
        cancellation.begin(async () => {
          if (request.http !== 'GET' && life !== undefined) {
            await life.begin();
            life.progress = 'changing';
          }
          return api.request(request);
        }),
    },
    permit,
    runJob: (job, input, needs) => workers.run(job, input, { ...needs, key: `missive ${subject}`, signal: cancelled }),
    sendLimit: createSendLimit({ ...sends, most, key: sendsKey({ client, subject }), now, log }),
    keyedCalls: createKeyedCalls({
      ...{ state: sends.state, isShared: sends.areAllCounted, recentResults, now },
      digestsOf: ({ tool, key, content }) =>
        keyedDigests(messageIdSecret, ['missive', subject], { tool, idempotencyKey: key, content }),
    }),
    fetchFile: services.fetchFile,
    readFile: (request, send) => extraction.readFile(request, { key: `missive ${subject}`, send, signal: cancelled }),
    fetchOwn: (url, maxBytes) => store.fetchOwn(url, 'anyone', maxBytes).catch(asLinkOfMissive),
    timeZone,
    now,
  };
}

/**
 * Says of a link what helps on a connection to Missive. A refused mail login counts as an expired link: the login is sealed in the link, and a new
 * sign-in to Missive would not replace it.
 */
function asLinkOfMissive(error: unknown): never {
  if (error instanceof UpstreamError && error.fault === 'credentials') throw new ToolError(EXPIRED, { cause: error });
  if (error instanceof LinkError) throw new ToolError(error.fault === 'expired' ? EXPIRED : NOT_OURS);
  throw error;
}

const NOT_OURS =
  'One of the attachment_urls is not a link of this server or of Missive. Pass the `url` of an attachment that get_single_missive_message_by_id returned, or "MESSAGE_ID/FILE_NAME"; nothing else is fetched.';
const EXPIRED =
  'One of the attachment_urls has expired or was changed. Get a new one where it came from; for a file of a Missive message pass "MESSAGE_ID/FILE_NAME", which does not expire.';
