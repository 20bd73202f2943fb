/** Finds a message for an action: one that certainly exists, with its current UID. */
import { type Actor, outcomeOf } from './actor.ts';

export interface FoundMessage {
  subject: string;
  /** As parameters of the tools. */
  target: { folder: string; uid: unknown; uid_validity: unknown };
  /** As `of` takes it. */
  place: string;
}

/**
 * @param isWanted of the message that is picked
 * @returns undefined if the search failed or the message has not arrived yet
 */
export async function findMessage(
  { self, call, model, random }: Actor,
  isWanted: Parameters<Actor['model']['pick']>[2] = () => true,
): Promise<FoundMessage | undefined> {
  const known = model.pick(self, random, isWanted);
  if (known === undefined) return undefined;
  const { subject, folder } = known;
  const found = await outcomeOf(
    call('search_mail_messages', { folder, query: `SUBJECT ${subject}`, with_envelopes: false }),
  );
  if (typeof found === 'string') return undefined;
  const { uids, uid_validity } = found.result;
  const uid: unknown = Array.isArray(uids) ? uids[0] : undefined;
  if (uid === undefined && folder !== 'INBOX') throw new Error(`${subject} was not found in ${folder}`);
  const target = { folder, uid, uid_validity };
  return uid === undefined ? undefined : { subject, target, place: placeOf(target) };
}

export const placeOf = ({ folder, uid, uid_validity }: Record<string, unknown>): string =>
  `${folder};UIDVALIDITY=${uid_validity}/${uid}`;
