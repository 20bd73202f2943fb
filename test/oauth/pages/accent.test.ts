/** The accent colour of the operator on the surfaces of the pages. */
import { readFileSync } from 'node:fs';
import { colord, extend } from 'colord';
import a11y from 'colord/plugins/a11y';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accentFor, accentRules, SURFACES } from '../../../src/oauth/pages/accent.ts';
import { createPages } from '../../../src/oauth/pages/pages.ts';

extend([a11y]);

const contrast = (one: string, other: string): number => colord(one).contrast(other);
const style = readFileSync(new URL('../../../views/style.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = style.split('prefers-color-scheme: dark');
const variableOf = (css: string, name: string) => new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(css)?.[1];

describe('the accent colour', () => {
  test('PAGE-05 every colour becomes one that can be read on the card, the page and its tint, with text on it that can be read, in both schemes', () => {
    const color = fc.integer({ min: 0, max: 0xffffff }).map((number) => `#${number.toString(16).padStart(6, '0')}`);
    fc.assert(
      fc.property(color, fc.constantFrom('light' as const, 'dark' as const), (given, scheme) => {
        const { accent, strong, onAccent, tint } = accentFor(given, scheme);
        for (const surface of [...Object.values(SURFACES[scheme]), tint, onAccent]) {
          expect(contrast(accent, surface), surface).toBeGreaterThanOrEqual(4.5);
        }
        expect(contrast(strong, onAccent)).toBeGreaterThanOrEqual(4.5);
        const text = variableOf(scheme === 'light' ? light : dark, 'text') ?? '';
        expect(contrast(text, tint)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  test('PAGE-05 a colour that can be read is kept', () => {
    expect(accentFor('#0b5f7a', 'light').accent).toBe('#0b5f7a');
    expect(accentFor('#6cc4dd', 'dark').accent).toBe('#6cc4dd');
  });

  test.each([
    ['light', light],
    ['dark', dark],
  ] as const)('the surfaces of the %s scheme are those of the style sheet', (scheme, css) => {
    expect({ card: variableOf(css, 'card'), page: variableOf(css, 'page') }).toEqual(SURFACES[scheme]);
  });

  test('the icon has the accent of the style sheet, or that of the operator', () => {
    const iconOf = (operator: object) => createPages({ issuer: 'https://mail.example.com', operator }).icon;
    expect(iconOf({})).toContain(`fill="${variableOf(light, 'accent')}"`);
    expect(iconOf({ accentColor: '#7c3aed' })).toContain('fill="#7c3aed"');
    expect(accentRules('#7c3aed')).toContain('--accent:#7c3aed');
  });
});
