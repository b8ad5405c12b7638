import { defineConfig } from '@playwright/test';

/** Two projects under one runner: the self-tests beside the code, and the suites against the simulated networks. */
export default defineConfig({
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  retries: 0,
  timeout: 30_000,
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
