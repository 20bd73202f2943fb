/** Derives the colours of the pages from the accent colour of the operator, so that each can be read in both colour schemes. */
import { type Colord, colord, extend } from 'colord';
import a11y from 'colord/plugins/a11y';
import mix from 'colord/plugins/mix';

extend([a11y, mix]);

type Scheme = 'light' | 'dark';

/** What the accent is read on, as in `views/style.css`: the card and the page. */
export const SURFACES: Readonly<Record<Scheme, { card: string; page: string }>> = {
  light: { card: '#ffffff', page: '#f3f5f7' },
  dark: { card: '#19212a', page: '#10161c' },
};

/** WCAG 2.2 §1.4.3. */
const MIN_CONTRAST = 4.5;
const STEP = 0.01;
/** Parts of the accent in a tinted surface. */
const TINTS: Readonly<Record<Scheme, number>> = { light: 0.08, dark: 0.16 };

export interface Accent {
  accent: string;
  /** Of a button under the pointer. */
  strong: string;
  /** Of text on the accent. */
  onAccent: string;
  /** A surface that is tinted with the accent. */
  tint: string;
}

/** @returns the nearest colours whose contrast is at least 4.5:1: darker in the light scheme, lighter in the dark one */
export function accentFor(color: string, scheme: Scheme): Accent {
  const { card, page } = SURFACES[scheme];
  const further = (from: Colord, amount: number) => (scheme === 'light' ? from.darken(amount) : from.lighten(amount));
  const tintOf = (accent: Colord) => rounded(colord(card).mix(rounded(accent), TINTS[scheme]));
  const isReadable = (accent: Colord) =>
    [colord(card), colord(page), tintOf(accent)].every((surface) => rounded(accent).contrast(surface) >= MIN_CONTRAST);

  let accent = colord(color);
  for (let step = 0; step < 1 / STEP && !isReadable(accent); step++) accent = further(accent, STEP);
  return {
    accent: accent.toHex(),
    strong: further(accent, 0.08).toHex(),
    // As readable as the accent on it.
    onAccent: scheme === 'light' ? card : page,
    tint: tintOf(accent).toHex(),
  };
}

/** As the page has it: rounding may cost contrast. */
const rounded = (color: Colord): Colord => colord(color.toHex());

/** The rules of a style sheet that replace the accent of `views/style.css`. */
export function accentRules(color: string): string {
  const { light, dark } = { light: accentFor(color, 'light'), dark: accentFor(color, 'dark') };
  return `:root{${variables(light)}}\n@media (prefers-color-scheme: dark){:root{${variables(dark)}}}\n`;
}

const variables = ({ accent, strong, onAccent, tint }: Accent): string =>
  `--accent:${accent};--accent-strong:${strong};--on-accent:${onAccent};--tint:${tint}`;
