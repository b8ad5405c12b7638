import { extname } from 'node:path';
import { defineConfig } from '@playwright/test';

/** This file runs as TypeScript from a checkout and as JavaScript from a built package. */
const extension = extname(import.meta.filename);

/** Two projects under one runner: the self-tests beside the code, and the suites against the simulated networks. */
export default defineConfig({
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list'], [`./reports/skipped-reporter${extension}`]],
  retries: 0,
  timeout: 60_000,
  projects: [
    {
      name: 'self-tests',
      testDir: '.',
      testMatch: /.*\.test\.[jt]s$/,
      testIgnore: /(^|[\\/])(dist|node_modules)[\\/]/,
    },
    { name: 'suites', testDir: 'suites', testMatch: /.*\.spec\.[jt]s$/ },
  ],
});
