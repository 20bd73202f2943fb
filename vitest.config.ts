import { defineConfig } from 'vitest/config';

/** `unit` needs no server, no root and no certificate; `servers` starts Dovecot, Postfix, Redis, Swift and Chromium. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        // Files share their modules: to load them for each file takes longer than the tests. No file may change a module or a global.
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.servers.test.ts'], isolate: false },
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
