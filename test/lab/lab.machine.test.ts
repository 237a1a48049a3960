import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FIRST_STATE, fragmentOf, type LabState } from '../../src/lab/lab-state.js';
import { TOUR } from '../../src/lab/tour.js';
import { MAIN, psp, scratchFolder } from '../cli/psp.js';
import { CHROMIUM, missingChromium } from '../report/page/browser.js';

const folder = scratchFolder();
const file = join(folder, 'lab.html');
const MOST_BYTES = 1e6;
/** The default of one second is little on a busy machine. */
const PATIENT = { timeout: 30_000 };

beforeAll(async () => {
  const { code, out } = await psp(['lab', '--out', 'lab.html'], { cwd: folder });
  expect([code, out]).toEqual([0, expect.stringMatching(/^lab\.html: \d+ kB$/)]);
});

it('is one file under 1 MB that names no other', () => {
  const text = readFileSync(file, 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThan(MOST_BYTES);
  expect(text).not.toMatch(/<(script|link|img)[^>]* (src|href)="(?!data:)/);
});

it('is served on 127.0.0.1 until Ctrl-C, and a taken port is named', async () => {
  const child = execa(process.execPath, [MAIN, 'lab'], { reject: false });
  const address = await new Promise<string>((resolve) => {
    child.stdout.on('data', (data) => resolve(/http:\S+/.exec(String(data))![0]));
  });
  const page = await fetch(address);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect((await page.text()).length).toBe(readFileSync(file, 'utf8').length);
  expect((await fetch(`${address}x`)).status).toBe(404);
  const { code, err } = await psp(['lab', '--port', new URL(address).port]);
  expect([code, err]).toEqual([3, expect.stringContaining('use another --port')]);
  child.kill('SIGINT');
  expect((await child).exitCode).toBe(130);
});

describe.skipIf(missingChromium() !== undefined)('in Chromium, from disk', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1300, height: 1000 }, acceptDownloads: true });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('request', (request) => {
      if (!/^(data|file|blob):/.test(request.url())) troubles.push(request.url());
    });
  });

  afterEach(async () => {
    await context.close();
    expect(troubles.splice(0)).toEqual([]);
  });

  /** A short run, so that it is measured in no time. */
  const SHORT: Partial<LabState> = { requests: 20_000, step: 0 };

  async function open(state: Partial<LabState> = SHORT): Promise<void> {
    const address = pathToFileURL(file).href;
    await page.goto(`${address}#${fragmentOf({ ...FIRST_STATE, ...state })}`);
    await page.locator('table.numbers').waitFor();
  }

  /** What is there to be seen. */
  // biome-ignore lint/performance/useDomNodeTextContent: a hidden text is not seen
  const seen = (locator: Locator): Promise<string> => locator.innerText();
  const text = (selector: string): Promise<string> => seen(page.locator(selector));
  const address = (): Promise<URLSearchParams> =>
    page.evaluate('location.hash.slice(1)').then((hash) => new URLSearchParams(String(hash)));

  async function says(locator: Locator, pattern: RegExp): Promise<string> {
    await expect.poll(() => seen(locator), PATIENT).toMatch(pattern);
    return seen(locator);
  }

  it('goes through the tour step by step, to the sandbox', async () => {
    await open({ ...FIRST_STATE, requests: FIRST_STATE.requests });
    for (const [i, step] of TOUR.entries()) {
      expect(await text('.tour h2')).toBe(`${i + 1}. ${step.title}`);
      expect(await text('.tour [aria-current]')).toBe(String(i + 1));
      await expect.poll(() => text('table.numbers thead'), PATIENT).toContain(step.state.policies![1]);
      if ('worst' in step.act) {
        await page.locator('#act').click();
        await says(page.locator('#story'), new RegExp(`^${step.act.worst} \\d+ came at .* waited .* Slowdown`));
      }
      await page.locator('#next').click();
    }
    expect(await text('.tour')).toContain('The sandbox');
    await expect.poll(async () => (await address()).get('step'), PATIENT).toBe('0');
  });

  it('follows every control, and its address brings everything back', async () => {
    await open();
    await page.locator('#policy-1').selectOption('ts');
    await page.locator('#policy-1-quantum').fill('7us');
    await page.locator('#policy-1-quantum').press('Enter');
    await page.locator('#load').fill('0.6');
    await page.locator('#load').press('Enter');
    await page.locator('#workers').fill('8');
    await page.locator('#workers').press('Enter');
    await page.locator('#system').selectOption('shinjuku');
    await page.locator('#seed').fill('s 7');
    await page.locator('#seed').press('Enter');
    await page.locator('#type-0-ratio').fill('0.9');
    await page.locator('#type-0-ratio').press('Enter');
    await page.locator('#type-1-spread').selectOption('exponential');
    const yaml = expect.stringMatching(/ratio: 0\.9\n[\s\S]*ratio: 0\.1\n[\s\S]*exponential:\n? *\{? ?mean: 100us/);
    await expectAddress({ load: '0.6', workers: '8', system: 'shinjuku', seed: 's 7', yaml });
    await says(page.locator('#copy-command').locator('..'), /--policy c-fcfs,ts:quantum=7us --system shinjuku/);
    const [digests, href] = [await text('#digests'), page.url()];
    const other = await context.newPage();
    await other.goto(href);
    await expect.poll(() => seen(other.locator('#digests')), PATIENT).toBe(digests);
    expect(await other.locator('#policy-1-quantum').inputValue()).toBe('7us');
    expect(await other.locator('#type-0-ratio').inputValue()).toBe('0.9');
    await other.close();
    // What is wrong is said, and what was shown stays.
    await page.locator('#policy-1-quantum').fill('7');
    await page.locator('#policy-1-quantum').press('Enter');
    expect(await text('.policy >> nth=1')).toContain('7');
    expect(await page.locator('#policy-1-quantum').getAttribute('aria-invalid')).toBe('true');
    await page.locator('details summary').click();
    await page.locator('#yaml').fill('name: x\ntypes: []\n');
    await says(page.locator('#problem'), /bimodal\.yaml:2/);
    await page.locator('#workload').selectOption('tpcc');
    await expect.poll(() => text('table.numbers'), PATIENT).toContain('Payment');
  });

  /** The address follows after a moment. */
  async function expectAddress(fields: Readonly<Record<string, unknown>>): Promise<void> {
    await expect.poll(async () => Object.fromEntries(await address()), PATIENT).toMatchObject(fields);
  }

  it.each<Partial<LabState>>([
    {},
    { workload: 'tpcc', load: 0.9, policies: ['darc', 'sept'] },
    { workload: 'extreme-bimodal', system: 'persephone', policies: ['darc', 'c-fcfs'], seed: 'a' },
    { workload: 'bursty', policies: ['d-fcfs', 'jbsq'], workers: 5, load: 0.7 },
    { workload: 'heavy-tailed', policies: ['srpt', 'ts:quantum=10us'], load: 0.75 },
  ])('has the digests of the command that it shows: %o', async (state) => {
    await open({ ...SHORT, ...state });
    await page.locator('#digests').waitFor();
    const [command, digests] = await Promise.all([text('span.command code'), text('#digests')]);
    const { code, out } = await psp([...command.split(/\s+/).slice(1), '--json', '-']);
    expect(code).toBe(0);
    const results = JSON.parse(out) as { digest: string }[];
    expect(digests.match(/[0-9a-f]{16}/g)).toEqual(results.map(({ digest }) => digest));
  });

  it('lights up what is pointed at, plays, steps and saves what is seen', async () => {
    await open({ ...SHORT, workers: 64, policies: ['c-fcfs', 'ts:quantum=5us'] });
    const canvas = page.locator('canvas.timelines');
    await canvas.hover({ position: { x: 300, y: 60 } });
    await says(page.locator('#story'), /^(SHORT|LONG) \d+ came at /);
    expect(await canvas.getAttribute('aria-label')).toContain('c-fcfs and ts:quantum=5us on 64 workers');
    const where = page.locator('.where');
    const before = await seen(where);
    await page.locator('#step').click();
    await expect.poll(() => seen(where), PATIENT).not.toBe(before);
    await page.locator('#play').click();
    const median = await page.evaluate(`new Promise((resolve) => {
      const times = [];
      const tick = (ms) => times.push(ms) < 60 ? requestAnimationFrame(tick) : resolve(
        times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b)[29]);
      requestAnimationFrame(tick);
    })`);
    // Printed, not asserted: the machine may be busy.
    console.log(`psp lab: median frame of ${Number(median).toFixed(1)} ms with 64 workers`);
    await page.locator('#play').click();
    await canvas.press('ArrowRight');
    await canvas.press('+');
    for (const [id, beginning] of [
      ['svg', '<svg'],
      ['png', '\x89PNG'],
      ['yaml', '# Half'],
    ] as const) {
      const [saved] = await Promise.all([page.waitForEvent('download'), page.locator(`#export-${id}`).click()]);
      expect(
        readFileSync(await saved.path())
          .toString('latin1')
          .slice(0, beginning.length),
      ).toBe(beginning);
    }
  });

  it('runs a policy under the referee, names a fault at its line, and survives an endless loop', async () => {
    await open({ ...SHORT, policies: ['c-fcfs', './mine.ts'] });
    await says(page.locator('#editor-says'), /referee has nothing to say/);
    await page.locator('#digests').waitFor();
    expect(await text('#digests')).toContain('./mine.ts');
    const template = JSON.parse((await page.locator('#data').textContent())!).template as string;
    const run = (from: string, to: string) => {
      expect(template).toContain(from);
      return type(template.replace(from, to));
    };
    await run('this.waiting--;', 'this.waiting -= ;');
    await says(page.locator('#editor-says'), /^line 86: /);
    expect(await page.locator('.cm-lintRange-error').count()).toBeGreaterThan(0);
    await run('this.waiting--;', 'this.waitig.x--;');
    await says(page.locator('#editor-says'), /^line 86: TypeError: /);
    // A worker that is kept although it is not there, and a request that is started twice.
    await run('this.idle.delete(worker);', '');
    await says(page.locator('#problem'), /\.\/mine\.ts: breaks a promise \(.*\): at [\d.]+ \w+ .*request \d+/);
    await run('let mayUseAll = true;', 'let mayUseAll = true;\n    while (true) {}');
    await says(page.locator('#editor-says'), /endless loop/);
    await type(template);
    await says(page.locator('#editor-says'), /referee has nothing to say/);
  });

  async function type(code: string): Promise<void> {
    await page.locator('.cm-content').focus();
    await page.keyboard.press('ControlOrMeta+a');
    // As text: the tests are compiled without a DOM.
    await page.evaluate(`{
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', ${JSON.stringify(code)});
      const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
      document.querySelector('.cm-content').dispatchEvent(event);
    }`);
  }
});
