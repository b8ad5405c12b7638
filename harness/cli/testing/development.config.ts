import { defineConfig } from '@playwright/test';

// biome-ignore lint/style/noDefaultExport: Playwright Test loads a configuration from the default export of its module
export default defineConfig({
  fullyParallel: true,
  projects: [{ name: 'suites', testDir: '.', testMatch: /development\.spec\.[jt]s$/ }],
});
