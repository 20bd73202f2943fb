/** Writes the times of an event: RFC 3339, with the weekday. */

import type { EventTime } from './invitation.ts';
import { dayTime, offsetMinutes, wallTime } from './time-zones.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export interface WrittenTime {
  /** `2026-03-17T14:30:00+01:00`; `2026-03-17` for a whole day; without an offset if the time zone is not known. */
  time: string;
  weekday: string;
}

/** @param timeZone of the reader; absent: as the sender wrote it */
export function writeTime(time: EventTime, timeZone?: string): WrittenTime {
  if (time.kind === 'day') return { time: time.day, weekday: weekdayOf(dayTime(time.day) ?? 0) };
  if (time.kind === 'local') return { time: time.time, weekday: weekdayOf(wallTime(time.time) ?? 0) };
  const minutes = timeZone === undefined ? time.offsetMinutes : offsetMinutes(timeZone, time.ms);
  const wallMs = time.ms + minutes * 60_000;
  return { time: `${new Date(wallMs).toISOString().slice(0, 19)}${offset(minutes)}`, weekday: weekdayOf(wallMs) };
}

function weekdayOf(wallMs: number): string {
  return WEEKDAYS[new Date(wallMs).getUTCDay()] ?? '';
}

function offset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const two = (value: number) => `${Math.floor(value)}`.padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
