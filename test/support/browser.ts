import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';

/** Why there is no browser to test with; undefined when there is. Said aloud, and in CI no reason. */
export function missingChromium(): string | undefined {
  if (existsSync(CHROMIUM) || process.env.CI) return undefined;
  console.warn('SKIPPED: pages in a browser: no chromium; install the package chromium');
  return 'no chromium';
}

/** Starts Debian's Chromium without a window. @param args of its command line */
export function startChromium(...args: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...args] });
}

/** Makes every message, error and request to elsewhere of a page a trouble. */
export function watchPage(page: Page, troubles: string[]): void {
  page.on('console', (message) => troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    if (!/^(data|file|blob):/.test(request.url())) troubles.push(request.url());
  });
}

/**
 * Gives each test of a block a new page, and fails the test if the page complains or asks for anything from elsewhere.
 *
 * @param patienceMs how long a click or a text is waited for
 * @param use is told the page before each test
 */
export function inChromium(
  options: BrowserContextOptions,
  patienceMs: number,
  use: (page: Page, context: BrowserContext, browser: Browser) => void,
): void {
  let browser: Browser;
  let context: BrowserContext;
  const troubles: string[] = [];

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMs);
    watchPage(page, troubles);
    use(page, context, browser);
  });

  afterEach(async () => {
    await context.close();
    expect(troubles.splice(0)).toEqual([]);
  });
}
