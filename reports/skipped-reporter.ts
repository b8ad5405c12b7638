import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';

/** Tells at the end why tests were skipped, once per reason: what is lacking here, and how to get it. */
// biome-ignore lint/style/noDefaultExport: Playwright Test loads a reporter from the default export of its module
export default class SkippedReporter implements Reporter {
  readonly #reasons = new Map<string, number>();

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status !== 'skipped') return;
    const skip = [...test.annotations, ...result.annotations].find(
      (one) => one.type === 'skip' || one.type === 'fixme',
    );
    const reason = skip?.description ?? 'no reason given';
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  onEnd(): void {
    if (this.#reasons.size === 0) return;
    const lines = [...this.#reasons].map(([reason, count]) => `  ${String(count).padStart(4)}  ${reason}`);
    process.stdout.write(`\nskipped, and why:\n${lines.join('\n')}\n`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
