/** Opens the session that the Missive tools of one call work with: the account of the grant, within the limits of the grant. */

import type { AttachmentStore } from '../attachments/store.ts';
import { expired } from '../attachments/store.ts';
import type { BodyShares } from '../body/body-shares.ts';
import { UpstreamError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MissiveSession } from '../mcp/missive/missive-session.ts';
import { createSendLimit, sendsKey } from '../mcp/permit/send-limit.ts';
import type { MissiveAccount } from '../missive/account.ts';
import { createMissiveApi } from '../missive/api.ts';
import type { Quota } from '../missive/rate-limit.ts';
import type { Grant } from '../oauth/bearer/bearer.ts';
import type { State } from '../state/state.ts';
import type { Workers } from '../workers/workers.ts';
import type { CallLife } from './call-life.ts';
import { createCancellation } from './cancellation.ts';

/** A grant for a Missive account, as far as a session depends on it. */
export type MissiveGrant = Pick<Grant, 'permit' | 'client' | 'subject'> & { account: MissiveAccount };

/** What all Missive sessions of a process share. */
export interface MissiveServices {
  workers: Workers;
  /** The memory for responses of Missive. */
  responses: BodyShares;
  store: AttachmentStore;
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
  const { account, permit, client, subject } = grant;
  const { workers, responses, store, now, log, sends } = services;
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
    fetchOwn: (url, maxBytes) => store.fetchOwn(url, 'anyone', maxBytes).catch(withoutCredentialsFault),
    now,
  };
}

/** Reports a refused mail login as an expired link: the login is sealed in the link, and a new sign-in to Missive would not replace it. */
function withoutCredentialsFault(error: unknown): never {
  throw error instanceof UpstreamError && error.fault === 'credentials' ? expired() : error;
}
