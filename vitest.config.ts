import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/vitest/longest-first.ts';

/** Where the result of the run is also written as JSON. .ci/run counts the tests in it. */
const report = process.env.GROUNDCREW_REPORT;

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/vitest/build-stale.ts', 'test/support/vitest/report-skipped.ts'],
    // Processes: a test file that starts the account has its own environment and signals.
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    // A limit ends a test that hangs, and never one that a slow machine runs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // A poll waits for something that comes: only the test's own time limit ends it, whatever the machine.
    expect: { poll: { timeout: 600_000 } },
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report && { outputFile: { json: report } }),
  },
});
