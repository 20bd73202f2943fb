/** A real browser. */
import { type Browser, chromium } from 'playwright-core';

const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** Starts Debian's Chromium with a profile of its own; close it, or use `await using`. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Chromium refuses its sandbox to root, and these tests run as root.
    args: [...QUIET, '--no-sandbox', '--disable-component-update', '--disable-sync'],
  });
}
