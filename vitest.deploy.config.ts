import { defineConfig } from 'vitest/config';

/** `npm run test:deploy`: real tools deploy the templates to an emulated account, and judge them. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/deploy/**/*.deploy.ts'],
    globalSetup: 'test/deploy/setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    // A wing's tests are the steps of one deployment.
    sequence: { concurrent: false },
    bail: 0,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A poll waits for something that comes: only the test's own time limit ends it, whatever the machine.
    expect: { poll: { timeout: 300_000, interval: 500 } },
    reporters: ['verbose'],
  },
});
