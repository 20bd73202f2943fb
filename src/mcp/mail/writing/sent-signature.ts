/** Finds the signature of the account owner in sent mail: in the conversation, otherwise in the newest letter. */
import type { FoundSent } from '../../../mail/derived/sent-mail.ts';
import { signatureOf } from '../../../mail/derived/signature.ts';
import { uidRangeFetchCommand } from '../../../mail/imap/fetch.ts';
import { type Message, readWholeMessage } from '../../../mail/messages/read.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import type { MailSession } from '../mail-session.ts';
import { isSubscriptionRequest } from '../unsubscribe/request-mail.ts';

/** Of the text of a message, in which a signature is looked for. */
const MAX_CHARS = 50_000;
/** UIDs before the newest one, in which a letter is looked for. */
const MAX_UIDS = 30;
/** Messages that are read to find a letter. */
const MAX_READ = 3;

export async function sentSignature(
  sent: string,
  { newest, newestInThread, limitMs }: Pick<FoundSent, 'newest' | 'newestInThread'> & { limitMs: number },
  session: MailSession,
): Promise<string | undefined> {
  const inThread = newestInThread === null ? undefined : await readSent(sent, newestInThread, session);
  const ofThread = inThread && ownSignature(inThread, session);
  if (ofThread !== undefined || newest === null) return ofThread;
  const last = newest === newestInThread ? inThread : await readSent(sent, newest, session);
  if (last === undefined || isLetter(last)) return last && ownSignature(last, session);
  return signatureBefore(newest, { sent, limitMs }, session);
}

/** The newest messages say nothing of how the owner signs: they were written by a program. */
async function signatureBefore(
  newest: number,
  { sent: name, limitMs }: { sent: string; limitMs: number },
  session: MailSession,
): Promise<string | undefined> {
  const range = [Math.max(1, newest - MAX_UIDS), Math.max(1, newest - 1)] as const;
  const { visited } = await session.readImap(
    (imap) => imap.openEach([{ name, commands: [uidRangeFetchCommand(range, [], [])] }], { limitMs }),
    name,
  );
  const [outcome] = visited[0]?.outcomes ?? [];
  const uids = outcome?.status === 'fulfilled' ? [...outcome.value.keys()].sort((a, b) => b - a) : [];
  for (const uid of uids.filter((each) => each < newest).slice(0, MAX_READ)) {
    const message = await readSent(name, uid, session);
    if (isLetter(message)) return ownSignature(message, session);
  }
  return undefined;
}

const readSent = (sent: string, uid: number, { readImap, runJob }: MailSession): Promise<Message> =>
  readWholeMessage(readImap, sent, uid, { format: 'text', chars: MAX_CHARS, runJob });

/** False for invitations and answers to them, and for what leaves a mailing list. */
const isLetter = ({ invitation, text }: Message): boolean => invitation === null && !isSubscriptionRequest(text ?? '');

function ownSignature({ from, flags, text }: Message, { ownAddresses }: MailSession): string | undefined {
  const isOwn = from.length === 1 && from.every(({ address }) => isOwnAddress(address, ownAddresses));
  return isOwn && !flags.includes('\\Draft') ? signatureOf(text ?? '') : undefined;
}
