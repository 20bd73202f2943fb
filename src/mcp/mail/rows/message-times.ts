/** Chooses the times that rows and messages show: arrival and Date header, and both only where they disagree. */
import type { MessageSummary } from '../../../mail/mime/summary.ts';
import { toLocalTime } from '../../../text/time.ts';

type Times = Pick<MessageSummary, 'arrivedAt' | 'sentAt'>;

/** Clocks and queues explain less; a day more is worth a word. */
const DAY_MS = 86_400_000;

/** `date` is the arrival. Empty texts say nothing. */
export function rowTimes(times: Times, timeZone: string): { date: string; sent: string } {
  const { arrivedAt, sentAt } = times;
  return { date: shown(arrivedAt, timeZone), sent: areClose(times) ? '' : shown(sentAt, timeZone) };
}

/** `date` is the Date header, `arrived` the arrival. Empty texts say nothing. */
export function headTimes(times: Times, timeZone: string): { date: string; arrived: string } {
  const { arrivedAt, sentAt } = times;
  return { date: shown(sentAt, timeZone), arrived: areClose(times) ? '' : shown(arrivedAt, timeZone) };
}

/** A warning for the reader if the Date header is not a date. */
export function dateWarnings({ isSentAtUnreadable }: Pick<MessageSummary, 'isSentAtUnreadable'>): string[] {
  return isSentAtUnreadable ? [NOT_A_DATE] : [];
}

const NOT_A_DATE =
  'The Date header of this message is not a date; `arrived` is when the mail server received the message.';

function areClose({ arrivedAt, sentAt }: Times): boolean {
  if (arrivedAt === null || sentAt === null) return false;
  return Math.abs(Date.parse(sentAt) - Date.parse(arrivedAt)) <= DAY_MS;
}

function shown(instant: string | null, timeZone: string): string {
  return instant === null ? '' : toLocalTime(instant, timeZone);
}
