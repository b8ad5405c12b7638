import { test } from '@playwright/test';

for (let i = 0; i < Number(process.env['Q3953_BENCH_TESTS']); i += 1) {
  test(`Q3953-INT-01 an empty test ${i}`, () => undefined);
}
