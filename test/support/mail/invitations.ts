/** Builds invitations as the calendar programs of large providers write them. */

export interface InvitationOptions {
  uid?: string;
  method?: string;
  /** Address of the organizer. Default: mira@example.test. */
  organizer?: string;
  /** Address of the attendee. Default: ida@example.test. */
  attendee?: string;
  /** Lines in place of those of the attendees. */
  attendees?: string;
  /** Further lines of the event. */
  more?: string;
  /** Further components. */
  components?: string;
}

const OTHERS =
  'ATTENDEE;CN=Bo Dahl;PARTSTAT=ACCEPTED:mailto:bo@example.test\nATTENDEE;CN=Cy;PARTSTAT=NEEDS-ACTION:mailto:cy@example.test';

const RULES = `BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT`;

export const zone = (tzid: string): string => `BEGIN:VTIMEZONE\nTZID:${tzid}\n${RULES}\nEND:VTIMEZONE`;

const ALARM = 'BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:REMINDER\nTRIGGER:-PT15M\nEND:VALARM';

/** In UTC, with a long attendee line that is folded. */
export function googleInvitation(options: InvitationOptions = {}): string {
  const { uid = '7pq2s0c9@google.example', attendee = 'ida@example.test' } = options;
  return calendar(options, {
    head: 'PRODID:-//Google Inc//Google Calendar 70.9054//EN\nVERSION:2.0\nCALSCALE:GREGORIAN',
    event: `DTSTART:20261204T093000Z
DTEND:20261204T101500Z
DTSTAMP:20261125T200000Z
${organizer(options)}
UID:${uid}
${options.attendees ?? `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=\n TRUE;CN=${attendee};X-NUM-GUESTS=0:mailto:${attendee}\n${OTHERS}`}
X-GOOGLE-CONFERENCE:https://meet.example.test/abc
CREATED:20261125T195500Z
DESCRIPTION:Bring the figures\\, please.
LAST-MODIFIED:20261125T195900Z
LOCATION:Room Linden\\, 2nd floor
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:Budget round
TRANSP:OPAQUE`,
  });
}

/** With a Windows name of the time zone, and upper-case MAILTO. */
export function exchangeInvitation(options: InvitationOptions = {}): string {
  const {
    uid = '040000008200E00074C5B7101A82E00800000000E0778E624D33D501000000000000000\n 0100000007B3684F212336E4BAA4405C99A9611B6',
    attendee = 'ida@example.test',
  } = options;
  return calendar(options, {
    head: `PRODID:Microsoft Exchange Server 2010\nVERSION:2.0\n${zone('W. Europe Standard Time')}`,
    event: `${organizer(options).replace('mailto:', 'MAILTO:')}
${options.attendees ?? `ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="Brandt, Ida":MAILTO:${attendee}\n${OTHERS}`}
DESCRIPTION;LANGUAGE=en-US:Agenda follows.\\n
UID:${uid}
SUMMARY;LANGUAGE=en-US:Quarterly review
DTSTART;TZID=W. Europe Standard Time:20261204T103000
DTEND;TZID=W. Europe Standard Time:20261204T111500
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20261125T200000Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:0
LOCATION;LANGUAGE=en-US:Microsoft Teams Meeting
X-MICROSOFT-CDO-APPT-SEQUENCE:0
X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE`,
  });
}

/** A series with a changed date, in a zone of the IANA database. */
export function appleInvitation(options: InvitationOptions = {}): string {
  const { uid = '5F1B0C2E-7A53-4B1F-9C7D-0A9E5D1C2B3A', attendee = 'ida@example.test' } = options;
  const attendees =
    options.attendees ??
    `ATTENDEE;CN="Ida Brandt";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:${attendee}\n${OTHERS}`;
  return calendar(options, {
    head: `CALSCALE:GREGORIAN\nPRODID:-//Apple Inc.//macOS 15.1//EN\nVERSION:2.0\n${zone('Europe/Berlin')}`,
    event: `CREATED:20261125T200000Z
DTSTART;TZID=Europe/Berlin:20261204T103000
DTEND;TZID=Europe/Berlin:20261204T111500
DTSTAMP:20261125T200000Z
${organizer(options)}
${attendees}
RRULE:FREQ=WEEKLY;COUNT=8
EXDATE;TZID=Europe/Berlin:20261225T103000
SEQUENCE:1
SUMMARY:Choir board
UID:${uid}
${ALARM}
END:VEVENT
BEGIN:VEVENT
RECURRENCE-ID;TZID=Europe/Berlin:20261211T103000
DTSTART;TZID=Europe/Berlin:20261212T103000
DTEND;TZID=Europe/Berlin:20261212T111500
DTSTAMP:20261125T200000Z
${organizer(options)}
${attendees}
SEQUENCE:3
SUMMARY:Choir board\\, moved
UID:${uid}`,
  });
}

function organizer({ organizer: address = 'mira@example.test' }: InvitationOptions): string {
  return `ORGANIZER;CN=Mira Holt:mailto:${address}`;
}

function calendar(
  { method = 'REQUEST', more = '', components = '' }: InvitationOptions,
  { head, event }: { head: string; event: string },
): string {
  const lines = [
    'BEGIN:VCALENDAR',
    head,
    method === '' ? '' : `METHOD:${method}`,
    components,
    'BEGIN:VEVENT',
    event,
    more,
  ];
  const text = [...lines, ALARM, 'END:VEVENT', 'END:VCALENDAR', ''].filter(
    (line, at, all) => line !== '' || at === all.length - 1,
  );
  return text.join('\n').replaceAll('\n', '\r\n');
}

export interface InvitationMail {
  from: string;
  to: string;
  calendar: string;
  subject?: string;
  /** Of the calendar part. Default: REQUEST. */
  method?: string;
}

/** A message as calendar programs send invitations: with the calendar as a form of the text, and once more as a file. */
export function invitationMail({
  from,
  to,
  calendar: ics,
  subject = 'Invitation',
  method = 'REQUEST',
}: InvitationMail): string {
  const encoded = Buffer.from(ics).toString('base64').replace(/.{76}/g, '$&\n');
  return `From: ${from}
To: ${to}
Subject: ${subject}
Date: Wed, 25 Nov 2026 20:00:00 +0000
Message-ID: <invitation@x.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain; charset=utf-8

You are invited.
--a
Content-Type: text/calendar; charset=utf-8; method=${method}
Content-Transfer-Encoding: base64

${encoded}
--a--

--m
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

${encoded}
--m--
`;
}
