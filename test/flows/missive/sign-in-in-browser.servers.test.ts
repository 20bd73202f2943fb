/** Signs in to Missive in a real browser. */
import { source as axe } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type MissiveSignIn, startMissiveSignIn } from '../../support/missive/missive-sign-in.ts';
import { launchChromium } from '../../support/servers/chromium.ts';

const Results = z.object({
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
  passes: z.array(z.unknown()).transform(({ length }) => length),
});

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function open(page: Page, signIn: MissiveSignIn): Promise<void> {
  await page.goto(signIn.authorizationUrl().href);
}

async function submit(page: Page, token: string): Promise<void> {
  await page.fill('#api_token', token);
  await page.keyboard.press('Enter');
}

test('FORM-10 after a wrong token the page shows the reason and focuses the field, and the right token succeeds', async () => {
  await using signIn = await startMissiveSignIn();
  await using context = await browser.newContext();
  const page = await context.newPage();
  await open(page, signIn);
  await submit(page, 'missive_pat-wrong');
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toContain('Missive does not accept this API token.');
  expect(await page.evaluate('document.activeElement.id')).toBe('api_token');
  expect(await page.inputValue('#api_token')).toBe('');
  await page.click('.consent summary');
  await page.uncheck('#allow_send');
  const callback = page.waitForRequest(/^http:\/\/localhost\/callback/);
  await submit(page, signIn.missive.token);
  expect(new URL((await callback).url()).searchParams.get('code')).toMatch(/^[\w-]+\./);
});

/** Opens each page, by its name. */
const pages: Record<string, (page: Page, signIn: MissiveSignIn) => Promise<void>> = {
  'the sign-in page': open,
  async 'the sign-in page after a wrong token'(page, signIn) {
    await open(page, signIn);
    await submit(page, 'missive_pat-wrong');
    await page.getByRole('alert').waitFor();
  },
  async 'the sign-in page when Missive cannot be reached'(page, signIn) {
    await open(page, signIn);
    signIn.missive.misbehave({ kind: 'cut' });
    await submit(page, signIn.missive.token);
    await page.getByRole('alert').waitFor();
  },
  async 'the sign-in at /account'(page, signIn) {
    await page.goto(`${signIn.app.origin}/account?client_id=${signIn.client.client_id}`);
  },
  async 'the list of grants'(page, signIn) {
    await signIn.tokens();
    await page.goto(`${signIn.app.origin}/account?client_id=${signIn.client.client_id}`);
    await submit(page, signIn.missive.token);
    await page.locator('.grants').waitFor();
  },
};

const appearances = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [375, 1280].map((width) => ({ colorScheme, width })),
);

test.each(Object.entries(pages))(
  'FORM-10 axe finds no violation in %s of Missive, which fits every screen, in light and dark',
  async (name, reach) => {
    await using signIn = await startMissiveSignIn({}, { name: 'Claude' });
    await using context = await browser.newContext();
    const page = await context.newPage();
    await reach(page, signIn);
    // The page's CSP forbids scripts, but not those of the debugger.
    await page.evaluate(axe);
    for (const { colorScheme, width } of appearances) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const { violations, passes } = Results.parse(await page.evaluate('axe.run()'));
      const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
      expect(found, `${colorScheme}, ${width}`).toEqual([]);
      expect(passes).toBeGreaterThan(15);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      if (process.env.SHOTS !== undefined) {
        const path = `${process.env.SHOTS}/${name.replaceAll(/\W+/g, '-')}-${width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: true });
      }
    }
  },
);
