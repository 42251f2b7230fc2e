import { defineConfig } from 'vitest/config';

/**
 * Three kinds of test, told apart by name, all run by `npm test`:
 * `*.test.ts` pure logic; `*.integration.test.ts` against the real ClickHouse, Redis, coturn or mediasoup
 * worker; `test/e2e/*.e2e.test.ts` with real Chromium, one at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.integration.test.ts', 'test/**/*.e2e.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts'],
          globalSetup: ['test/support/stores.ts'],
          setupFiles: ['test/support/worker-bin.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.e2e.test.ts'],
          setupFiles: ['test/support/worker-bin.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
