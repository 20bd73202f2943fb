/** Declares the settings by which the operator appears on the pages: name, contact, privacy statement, logo and colour. */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

/** An image for the pages. */
interface Logo {
  type: string;
  bytes: Buffer;
  /** False: it is shown on white in the dark scheme too. */
  adaptsToScheme: boolean;
}

/** A link to the contact: a web page, or `mailto:` with the address as its text. */
interface Contact {
  text: string;
  url: string;
}

const MAX_LOGO_BYTES = 200_000;
const NOT_A_LOGO = 'must be the path of a PNG, JPEG, WebP or SVG file of at most 200 kB';

const WebUrl = z.url({ protocol: /^https?$/, error: 'must be a URL such as https://example.com' });

const OneLine = z
  .string()
  .trim()
  .max(80, 'must be at most 80 characters')
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be one line of text');

const ContactSetting = z.union(
  [
    z.email().transform((address): Contact => ({ text: address, url: `mailto:${address}` })),
    WebUrl.transform((url): Contact => ({ text: new URL(url).host, url })),
  ],
  'must be an email address, or a URL',
);

const LogoSetting = z.string().transform((path, context): Logo => {
  const logo = readLogo(path);
  if (logo !== undefined) return logo;
  context.addIssue({ code: 'custom', message: NOT_A_LOGO });
  return z.NEVER;
});

export const OPERATOR_VARIABLES = {
  OPERATOR_NAME: OneLine.optional().describe('Who runs this server, as the pages name it, e.g. `Example Ltd`.'),
  OPERATOR_URL: WebUrl.optional().describe('Web site of the operator. The name on the pages links to it.'),
  OPERATOR_CONTACT: ContactSetting.optional().describe(
    'Where account owners get help and client ids: an email address, or the URL of a page.',
  ),
  PRIVACY_URL: WebUrl.optional().describe('Privacy statement of the operator, which every page links to.'),
  OPERATOR_LOGO: LogoSetting.optional().describe(
    'Path of a logo for the pages: a PNG, JPEG, WebP or SVG file of at most 200 kB, shown up to 40 pixels high. In the dark scheme it is on white, unless it is an SVG with its own `prefers-color-scheme`.',
  ),
  ACCENT_COLOR: z
    .string()
    .regex(/^#(?:[\da-f]{3}){1,2}$/i, 'must be a colour such as #0b5f7a')
    .optional()
    .describe(
      'Colour of links, buttons and the icon, e.g. `#0b5f7a`. It is made darker or lighter where it would be hard to read (contrast below 4.5:1).',
    ),
};

const Environment = z.object(OPERATOR_VARIABLES);

/** The operator on the pages; every part may be absent. */
export interface Operator {
  name?: string | undefined;
  url?: string | undefined;
  contact?: Contact | undefined;
  privacyUrl?: string | undefined;
  logo?: Logo | undefined;
  accentColor?: string | undefined;
}

export function operatorOf(env: z.output<typeof Environment>): Operator {
  return {
    name: env.OPERATOR_NAME,
    url: env.OPERATOR_URL,
    contact: env.OPERATOR_CONTACT,
    privacyUrl: env.PRIVACY_URL,
    logo: env.OPERATOR_LOGO,
    accentColor: env.ACCENT_COLOR,
  };
}

/** @returns undefined if there is no such file, or none of these formats */
function readLogo(path: string): Logo | undefined {
  try {
    if (statSync(path).size > MAX_LOGO_BYTES) return undefined;
    return toLogo(readFileSync(path));
  } catch {
    return undefined;
  }
}

function toLogo(bytes: Buffer): Logo | undefined {
  const type = RASTER_FORMATS.find(({ at, text }) => bytes.toString('latin1', at, at + text.length) === text)?.type;
  if (type !== undefined) return { type, bytes, adaptsToScheme: false };
  const text = bytes.toString('utf8');
  if (!SVG.test(text)) return undefined;
  return { type: 'image/svg+xml', bytes, adaptsToScheme: text.includes('prefers-color-scheme') };
}

const RASTER_FORMATS = [
  { type: 'image/png', at: 0, text: '\x89PNG\r\n\x1a\n' },
  { type: 'image/jpeg', at: 0, text: '\xff\xd8\xff' },
  { type: 'image/webp', at: 8, text: 'WEBP' },
];

/** The root element, after a declaration, comments and a document type. */
const SVG = /^\uFEFF?\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/is;
