/** Finds the parts of a message that are neither text nor files, and says which parts make a message unreadable here. */
import { leavesOf, type Part } from '../mime/body-structure.ts';
import { estimateDecodedSize } from '../mime/transfer-encoding.ts';

type SpecialKind = 'delivery status' | 'disposition' | 'feedback' | 'calendar' | 'container' | 'winmail';

export interface SpecialPart {
  part: Part;
  kind: SpecialKind;
  /** The first bytes that are read of it. */
  maxBytes: number;
}

/** Parts of one kind that are read. */
const MAX_PARTS = 4;
/** Decoded. A calendar is read as a whole or not at all. */
const MAX_CALENDAR_BYTES = 64 * 1024;
/** Bytes in base64, with line ends, for each decoded one. */
const BASE64_RATIO = 1.4;
const MAX_BYTES: Readonly<Record<Exclude<SpecialKind, 'calendar'>, number>> = {
  'delivery status': 64 * 1024,
  disposition: 64 * 1024,
  feedback: 64 * 1024,
  container: 1024 * 1024,
  winmail: 512 * 1024,
};

const KINDS: Readonly<Record<string, SpecialKind>> = {
  'message/delivery-status': 'delivery status',
  'message/global-delivery-status': 'delivery status',
  'message/disposition-notification': 'disposition',
  'message/global-disposition-notification': 'disposition',
  'message/feedback-report': 'feedback',
  'text/calendar': 'calendar',
  'application/ics': 'calendar',
  'application/pkcs7-mime': 'container',
  'application/x-pkcs7-mime': 'container',
  'application/ms-tnef': 'winmail',
  'application/vnd.ms-tnef': 'winmail',
};

/** Programs that do not know a type declare it so. */
const NAMES: readonly [RegExp, SpecialKind][] = [
  [/\.ics$/i, 'calendar'],
  [/\.p7m$/i, 'container'],
  [/^winmail\.dat$/i, 'winmail'],
];

/** @param calendarBytes calendars of up to this size together are read @returns in the order of the message */
export function findSpecialParts(structure: Part | null, calendarBytes?: number): SpecialPart[] {
  if (structure === null) return [];
  const maxCalendarBytes = calendarBytes ?? MAX_CALENDAR_BYTES;
  const maxBytes = { ...MAX_BYTES, calendar: Math.ceil(maxCalendarBytes * BASE64_RATIO) };
  let calendarsLeft = calendarBytes ?? MAX_PARTS * MAX_CALENDAR_BYTES;
  const counts = new Map<SpecialKind, number>();
  return leavesOf(structure).flatMap((part) => {
    const kind = kindOf(part);
    if (kind === undefined || !isRead(part, kind, Math.min(maxCalendarBytes, calendarsLeft))) return [];
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (kind === 'calendar') calendarsLeft -= estimateDecodedSize(part.sizeBytes, part.encoding);
    return count > MAX_PARTS ? [] : [{ part, kind, maxBytes: maxBytes[kind] }];
  });
}

function kindOf({ type, filename }: Part): SpecialKind | undefined {
  if (KINDS[type] !== undefined) return KINDS[type];
  if (type !== 'application/octet-stream' || filename === null) return undefined;
  return NAMES.find(([pattern]) => pattern.test(filename.trim()))?.[1];
}

function isRead(part: Part, kind: SpecialKind, calendarBytes: number): boolean {
  if (kind === 'calendar') return estimateDecodedSize(part.sizeBytes, part.encoding) <= calendarBytes;
  return kind !== 'container' || !isDeclaredEncrypted(part);
}

function isDeclaredEncrypted({ parameters }: Part): boolean {
  return /^(?:auth-?)?enveloped-data$/i.test(parameters.get('smime-type') ?? '');
}

/** Sentences for the reader about content that only another program can read. */
export function encryptionWarnings(structure: Part | null): string[] {
  if (structure === null) return [];
  const all = partsOf(structure);
  // Exchange takes the multipart apart and leaves its parts.
  const isPgp = all.some(({ type }) => type === 'multipart/encrypted' || type === 'application/pgp-encrypted');
  const isSmime = all.some((part) => kindOf(part) === 'container' && isDeclaredEncrypted(part));
  const isProtected = all.some(
    ({ type, filename }) => type === 'application/x-microsoft-rpmsg-message' || /\.rpmsg$/i.test(filename ?? ''),
  );
  return [
    ...(isPgp ? [PGP_WARNING] : []),
    ...(isSmime ? [SMIME_WARNING] : []),
    ...(isProtected ? [RIGHTS_WARNING] : []),
  ];
}

/** The part itself and all in it. */
function partsOf(part: Part): Part[] {
  return [part, ...part.children.flatMap(partsOf)];
}

const encrypted = (how: string, program: string) =>
  `This message is encrypted (${how}), so its content cannot be read here. It can be read in ${program}; the sender can also be asked for an unencrypted copy.`;

export const SMIME_WARNING = encrypted(
  'S/MIME',
  'a mail program that has the certificate and private key of the account owner',
);
const PGP_WARNING = encrypted('OpenPGP', 'a mail program that has the private key of the account owner');
export const PGP_TEXT_WARNING =
  'The part of the text between BEGIN PGP MESSAGE and END PGP MESSAGE is encrypted (OpenPGP). It can be read in a mail program that has the private key of the account owner.';
const RIGHTS_WARNING = encrypted('Microsoft Purview', 'Outlook, or by the link in its text');
