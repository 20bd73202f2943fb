/** Starts Chromium for the tests of pages. */
import { type Browser, chromium } from 'playwright-core';

const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** Starts Debian's Chromium without its windows, which is the same engine, with a new profile; close it, or use `await using`. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium-headless-shell',
    // Chromium does not run sandboxed as root, and these tests run as root.
    args: [...QUIET, '--no-sandbox', '--disable-component-update', '--disable-sync'],
  });
}
