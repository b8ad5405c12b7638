import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, expect, type Page, test } from '@playwright/test';
import { finishReport } from './finish-report.js';
import { reportHtml } from './html.js';
import { HOSTILE_TEXTS } from './testing/hostile.js';
import { SAMPLE_HEAD, sampleFinding, sampleReport } from './testing/sample-report.js';
import { assembleReport } from './verdict-report.js';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];

/** A page on the report, and everything it complained of or asked for beyond its own file. */
async function opened(run: (page: Page, url: string, folder: string) => Promise<void>): Promise<void> {
  const folder = test.info().outputPath('report');
  finishReport(folder, sampleReport(folder));
  const file = join(folder, 'index.html');
  const url = pathToFileURL(file).href;
  const browser: Browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    await run(page, url, folder);
    expect(complaints).toEqual([]);
    expect(requests.filter((one) => one.split('#')[0] !== url && one !== 'data:,')).toEqual([]);
    expect(await page.evaluate('window.stolen')).toBeUndefined();
  } finally {
    await browser.close();
  }
}

test.describe('in a browser', () => {
  test.skip(!existsSync(EXECUTABLE), `needs a browser: apt-get install chromium, or CHROMIUM=/path/to/chromium`);

  test('shows the counts, what did not run and why, and filters by the hash', async () => {
    await opened(async (page, url) => {
      await expect(page.getByRole('list', { name: 'Cases by verdict' })).toContainText('6cases');
      await expect(page.getByText('not run: no IPv6 on this machine')).toBeVisible();
      await page.getByRole('searchbox').fill('HDR-04');
      await expect(page.getByRole('status')).toHaveText('1 of 6 cases');
      expect(page.url()).toContain('q=HDR-04');
      await page.goto('about:blank');
      await page.goto(`${url}#verdict=notRun`);
      await expect(page.getByRole('status')).toHaveText('1 of 6 cases');
    });
  });

  test('a click or Enter on an arrow shows its message with the offending line marked', async () => {
    await opened(async (page) => {
      await page.getByRole('link', { name: 'Q3953-INT-02' }).click();
      await expect(page.getByText('the border has no header policy').first()).toBeVisible();
      const arrow = page.locator('a[data-message="1"]');
      await arrow.click();
      const panel = page.locator('#message-panel');
      await expect(panel.locator('mark')).toHaveText('Subject: harmless');
      await expect(panel).toContainText('response="(removed)"');
      await page.locator('a[data-message="0"]').focus();
      await page.keyboard.press('Enter');
      await expect(panel).toContainText('frame 1');
      await expect(panel.locator('mark')).toHaveCount(0);
      await page.getByRole('button', { name: 'frame 2' }).first().click();
      await expect(panel.locator('mark')).toHaveText('Subject: harmless');
      await page.goBack();
      await expect(page.getByRole('heading', { name: 'q3953 conformance report' })).toBeVisible();
    });
  });

  test('nothing of the wire becomes markup or script', async () => {
    await opened(async (page) => {
      await page.getByRole('link', { name: 'Q3953-INT-02' }).click();
      const arrows = page.locator('.ladder a[data-message]');
      await expect(arrows.first()).toBeVisible();
      for (let index = 0; index < HOSTILE_TEXTS.length + 2; index += 1) {
        await arrows.nth(index).dispatchEvent('click');
        const text = HOSTILE_TEXTS[index - 2];
        if (text?.startsWith('<') === true) await expect(page.locator('#message-panel pre')).toContainText(text);
      }
      expect(await page.locator('main img, main script, main iframe, main style, main link, main meta').count()).toBe(
        1,
      );
      expect(await page.locator('main svg style').count()).toBe(1);
    });
  });

  test('opens 500 cases at once', async () => {
    await opened(async (page, _url, folder) => {
      const content = sampleReport(folder);
      const cases = Array.from({ length: 500 }, (_, index) => {
        const entry = content.cases[index % 2];
        if (entry === undefined) throw new Error('the sample has two cases');
        return { ...entry, key: `${entry.key}.repeat-${index + 2}` };
      });
      const detail = { ladder: readFileSync(join(folder, 'cases/Q3953-INT-01/ladder.svg'), 'utf8'), messages: [] };
      const file = join(folder, 'index.html');
      writeFileSync(
        file,
        reportHtml(assembleReport(SAMPLE_HEAD, cases), () => detail),
      );
      const started = Date.now();
      await page.reload();
      await expect(page.getByRole('status')).toHaveText('500 of 500 cases');
      expect(Date.now() - started).toBeLessThan(5000);
    });
  });
});

test('puts nothing but data between its own tags, however hostile the report', () => {
  const folder = test.info().outputPath('report');
  const content = sampleReport(folder);
  const findings = HOSTILE_TEXTS.map((text) => sampleFinding({ seen: text, required: text }));
  const cases = content.cases.map((entry) => ({ ...entry, title: HOSTILE_TEXTS.join(), findings }));
  const html = reportHtml(assembleReport(SAMPLE_HEAD, cases), () => ({ ladder: HOSTILE_TEXTS.join(), messages: [] }));
  const start = html.indexOf('id="report">') + 'id="report">'.length;
  const data = html.slice(start, html.indexOf('</script>', start));
  expect(data).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(data).cases[0].findings[0].seen).toBe(HOSTILE_TEXTS[0]);
  expect(html.match(/<script/g)).toHaveLength(2 + cases.length);
});
