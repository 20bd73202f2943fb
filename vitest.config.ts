import { defineConfig } from 'vitest/config';

/** `unit` needs no server, no root and no certificate; `servers` starts Dovecot, Postfix, Redis, Swift and Chromium. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Files share their modules: to load them takes two seconds for each file. No file may change a module or a global.
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.servers.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: ['test/**/*.servers.test.ts'],
          globalSetup: ['test/support/servers/global-setup.ts'],
          setupFiles: ['test/support/servers/trust-ca.ts'],
        },
      },
    ],
  },
});
