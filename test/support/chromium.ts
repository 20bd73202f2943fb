/** A real browser, without a window. */
import { type Browser, chromium } from 'playwright-core';

/** Debian's Chromium; as root it runs without its sandbox, which is fine for pages of our own. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
