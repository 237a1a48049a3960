import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../../src/experiment/sweep/store.js';
import { pageModules } from '../../../src/report/html/page-modules.js';
import { reportData, type SweptPoint } from '../../../src/report/html/report-data.js';
import { reportPage } from '../../../src/report/html/report-page.js';
import type { FailedRun } from '../../../src/report/view/data.js';
import { psp, ROOT, scratchFolder } from '../../cli/psp.js';
import { inChromium, missingChromium } from '../../support/browser.js';
import { point, smallSweep } from './points.js';

const folder = scratchFolder();
const modules = pageModules(join(ROOT, 'dist'), 'report/page/main.js');
/** Left and right of a chart, px: margins, borders and paddings. */
const AROUND = 2 * (16 + 1 + 16);
const WIDE = { width: 1000, height: 1200 };

it('has only modules that a browser can run, each once', () => {
  expect(modules.entry).toBe('psp/report/page/main.js');
  expect([...modules.sources.keys()]).toEqual(expect.arrayContaining(['psp/report/charts/panel.js', modules.entry]));
  for (const source of modules.sources.values()) {
    expect(source).not.toMatch(/from '(?!psp\/)|import '(?!psp\/)|\bprocess\.|\bBuffer\b/);
  }
});

it('refuses modules that a page does not have', () => {
  expect(() => pageModules(join(ROOT, 'dist'), 'report/html/page-modules.js')).toThrow(
    'psp/report/html/page-modules.js imports node:fs, which a page does not have',
  );
});

/** The text as it is seen. */
function said(locator: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: a hidden text is not seen
  return locator.innerText();
}

/** Writes the page of a sweep, and answers its address. */
function pageOf(points: readonly SweptPoint[], failed: readonly FailedRun[] = []): string {
  const path = join(folder, 'report.html');
  writeFileSync(path, reportPage(reportData('sweep <b>', points, failed), modules));
  return `file://${path}`;
}

describe.skipIf(missingChromium() !== undefined)('in Chromium, from disk', () => {
  let page: Page;
  inChromium({ viewport: WIDE }, 8000, (opened) => {
    page = opened;
  });

  const chart = (): Locator => page.locator('section[aria-label="Chart"]');
  const chosen = (): Locator => page.locator('section[aria-label="Chosen point"]');
  const heading = (): Promise<string> => said(chart().locator('h2'));
  const rows = (): Promise<string[]> => page.locator('tbody tr').allInnerTexts();
  const hash = (): Promise<URLSearchParams> =>
    page.evaluate('location.hash.slice(1)').then((text) => new URLSearchParams(String(text)));

  async function hover(mark: Locator): Promise<void> {
    const { x, y, width, height } = (await mark.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
  }

  it('shows what was swept, the chart, the values, and the command of each point', async () => {
    await page.goto(pageOf(smallSweep()));
    expect(await said(page.locator('h1'))).toBe('sweep <b>');
    expect(await said(page.locator('dl'))).toContain('7, of which 1 unstable');
    expect(await heading()).toBe('bimodal: p99.9 slowdown of all requests');
    // Five values and a cross.
    expect(await chart().locator('.mark').count()).toBe(6);
    const texts = await rows();
    expect(texts).toHaveLength(6);
    expect(texts[0]).toMatch(/darc\s+0\.2\s+2\.2\s+2\.18 to 2\.22/);
    expect(texts[5]).toMatch(/c-fcfs\s+0\.8\s+unstable: its queues grew/);
    expect(await said(page.locator('tbody code').nth(3))).toBe(
      'psp sim --workload bimodal --policy c-fcfs --load 0.2 --replications 2',
    );
    expect(await said(chart())).toContain('Crosses above the chart mark points without a value');
  });

  it('switches type, statistic, measure, scale and x axis, and keeps them in its address', async () => {
    await page.goto(pageOf(smallSweep()));
    const ticks = () => chart().locator('svg text').allInnerTexts();
    const logTicks = await ticks();
    await page.getByLabel('Vertical axis').selectOption('linear');
    expect(await ticks()).not.toEqual(logTicks);
    await page.getByLabel('Requests').selectOption('LONG');
    await page.getByLabel('Statistic').selectOption('p99');
    await page.getByLabel('Measure').selectOption('sojourn');
    await page.getByLabel('Horizontal axis').selectOption('offered rate');
    expect(await heading()).toBe('bimodal: p99 sojourn of LONG');
    expect((await rows())[3]).toMatch(/c-fcfs\s+55.4k\/s\s+100us\s+99us to 101us/);
    expect(String(await hash())).toBe('scale=linear&type=LONG&statistic=p99&measure=sojournNs&x=rate');
    const address = page.url();
    await page.goto('about:blank');
    await page.goto(address);
    expect(await heading()).toBe('bimodal: p99 sojourn of LONG');
    expect(await page.getByLabel('Measure').inputValue()).toBe('sojournNs');
  });

  it('leaves policies out and takes them back, by the keyboard too', async () => {
    await page.goto(pageOf(smallSweep()));
    await page.getByLabel('c-fcfs', { exact: true }).focus();
    await page.keyboard.press('Space');
    expect(await chart().locator('.mark').count()).toBe(3);
    expect((await hash()).getAll('hide')).toEqual(['c-fcfs']);
    // The control was drawn anew, and has the focus still.
    await page.keyboard.press('Space');
    expect(await chart().locator('.mark').count()).toBe(6);
    await page.getByLabel('darc', { exact: true }).uncheck();
    await page.getByLabel('c-fcfs', { exact: true }).uncheck();
    expect(await said(chart())).toContain('There is nothing to show');
  });

  it('says the value with its interval where the mouse is, and takes the point that is clicked', async () => {
    await page.goto(pageOf(smallSweep()));
    const tip = chart().locator('.tip');
    expect(await tip.isVisible()).toBe(false);
    const marks = chart().locator('.mark');
    // Crosses are drawn first.
    await hover(marks.nth(0));
    expect(await said(tip)).toBe('c-fcfs\nload: 0.8\nunstable: its queues grew.');
    await hover(marks.nth(1));
    expect(await said(tip)).toBe('darc\nload: 0.2\np99.9 slowdown: 2.2\n95 % interval 2.18 to 2.22');
    const { x, y } = (await marks.nth(5).boundingBox())!;
    await page.mouse.click(x + 3, y + 3);
    expect(await said(chosen().locator('code'))).toContain('--policy c-fcfs --load 0.5');
    expect(await said(chosen())).toContain('This policy reserves no workers.');
    expect(await said(page.locator('tr.chosen'))).toMatch(/c-fcfs\s+0\.5/);
    const ringBox = (await chart().locator('circle.chosen').boundingBox())!;
    expect(Math.abs(ringBox.x + ringBox.width / 2 - (x + 3))).toBeLessThan(2);
  });

  it('shows who had which workers over time', async () => {
    await page.goto(pageOf(smallSweep()));
    // A point that reserves is chosen when nobody has chosen.
    expect(await said(chosen())).toContain('SHORT 1 | LONG 13 since 200ms.');
    await page.locator('tbody tr').nth(1).getByRole('button', { name: 'darc' }).click();
    expect(await said(chosen().locator('code'))).toContain('--policy darc --load 0.5');
    const plot = chosen().locator('.plot > svg');
    expect(await plot.locator('path[fill-opacity]').count()).toBe(3);
    const { x, y, width, height } = (await plot.boundingBox())!;
    await page.mouse.move(x + width * 0.12, y + height / 2);
    expect(await said(chosen().locator('.tip'))).toBe('from 0\nSHORT+LONG 14');
    await page.mouse.move(x + width * 0.7, y + height / 2);
    expect(await said(chosen().locator('.tip'))).toBe('from 200ms\nSHORT 1 | LONG 13');
    // The picture is cut where its own area ends, not where that of the chart above does.
    const clips = await page.locator('clipPath').evaluateAll((all) => all.map(({ id }) => id));
    expect(new Set(clips).size).toBe(2);
  });

  it('copies a command', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(pageOf(smallSweep()));
    const button = page.locator('tbody tr').nth(4).getByRole('button', { name: 'Copy' });
    await button.click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'psp sim --workload bimodal --policy c-fcfs --load 0.5 --replications 2',
    );
  });

  it('saves what is shown as CSV, and everything as JSON', async () => {
    const points = smallSweep();
    await page.goto(`${pageOf(points)}#hide=c-fcfs`);
    const save = async (name: string) => {
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
    };
    const csv = await save('Data of this chart');
    expect(csv.text.split('\n')[1]).toMatch(
      /^bimodal: p99.9 slowdown of all requests,darc,0\.2,2\.2,2\.178\d*,2\.222\d*,$/,
    );
    expect(csv.text.trim().split('\n')).toHaveLength(1 + 3);
    expect(csv.name).toMatch(/\.csv$/);
    const json = await save('All data');
    expect(JSON.parse(json.text)).toEqual(reportData('sweep <b>', points));
  });

  it('shows names that are markup as text', async () => {
    await page.goto(pageOf(smallSweep()));
    const name = '<script>document.title = "broken"</script><img src=x onerror="document.title = 1">';
    await page.getByLabel('Workload').selectOption(name);
    expect(await heading()).toBe(`${name}: p99.9 slowdown of all requests`);
    expect(await said(chosen().locator('code'))).toContain(name);
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(await page.title()).toBe('sweep <b>: psp report');
  });

  it('chooses among the values of what varies besides', async () => {
    const points = [8, 14].flatMap((workers) =>
      [0.5, 0.6, 0.9].map((load) => point({ policy: 'darc', load, slowdown: workers, other: { workers } })),
    );
    await page.goto(pageOf(points));
    expect((await rows())[0]).toMatch(/darc\s+0\.5\s+14\s/);
    await page.getByLabel('Workers').selectOption('8');
    expect((await rows())[0]).toMatch(/darc\s+0\.5\s+8\s/);
  });

  it('lists what could not be run, with its error', async () => {
    const failed = [{ key: 'f', command: 'psp sim --workload bimodal --load 99', error: 'not <b>enough</b> memory' }];
    await page.goto(pageOf(smallSweep(), failed));
    expect(await said(page.locator('dl'))).toContain('7, of which 1 unstable; 1 could not be run');
    const section = page.locator('section[aria-label="Points that could not be run"]');
    expect(await said(section.locator('tbody tr'))).toMatch(
      /^not <b>enough<\/b> memory\s+psp sim --workload bimodal --load 99/,
    );
    await page.goto('about:blank');
    await page.goto(pageOf(smallSweep()));
    expect(await section.count()).toBe(0);
  });

  it('shows what psp sweep has written and psp report made of it', async () => {
    const out = join(folder, 'real');
    const lists = ['--policy', 'darc,c-fcfs', '--load', '.3:.7:.2', '--requests', '5k', '--replications', '2'];
    expect(await psp(['sweep', '--workload', 'bimodal', ...lists, '--out', out])).toMatchObject({ code: 0, err: '' });
    const { code, out: text } = await psp(['report', out]);
    expect([code, text]).toEqual([0, expect.stringMatching(/real\/report\.html: 6 points, \d+ kB$/)]);
    await page.goto(`file://${join(out, 'report.html')}`);
    expect(await said(page.locator('h1'))).toBe('real');
    expect(await heading()).toBe('bimodal: p99.9 slowdown of all requests');
    expect(await chart().locator('.mark').count()).toBe(6);
    expect(await rows()).toHaveLength(6);
    const commands = await page.locator('tbody code').allInnerTexts();
    expect(commands.sort()).toEqual(
      readSweep(out)
        .points.map(({ command }) => command)
        .sort(),
    );
    await page.getByLabel('Requests').selectOption('SHORT');
    expect(await heading()).toBe('bimodal: p99.9 slowdown of SHORT');
  });

  it('draws a thousand points anew in the blink of an eye', async () => {
    const load = Array.from({ length: 100 }, (_, i) => (i + 1) / 101);
    const many = Array.from({ length: 10 }, (_, i) => i + 1).flatMap((n) =>
      load.map((x) => point({ policy: `policy-${n}`, load: x, slowdown: n + x * 10 })),
    );
    await page.goto(pageOf(many));
    const redraws = 7;
    // Processor time of the page's thread, for the machine may have other things to do.
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    const seconds = async () =>
      (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value;
    const before = await seconds();
    for (let i = 0; i < redraws; i++) {
      await page.evaluate(`(() => {
        const scale = document.getElementById('choose-scale');
        scale.value = scale.value === 'log' ? 'linear' : 'log';
        scale.dispatchEvent(new Event('change'));
        document.body.getBoundingClientRect();
      })()`);
    }
    expect(((await seconds()) - before) / redraws).toBeLessThan(0.2);
    expect(await chart().locator('.mark').count()).toBe(1000);
    // A thousand rows would be most of it.
    expect(await rows()).toHaveLength(100);
    await page.evaluate(`location.hash = 'point=${many.at(-1)!.key}'`);
    await expect.poll(async () => (await rows()).length).toBe(101);
    expect(await said(page.locator('tr.chosen'))).toContain('policy-10');
    await page.getByRole('button', { name: 'Show all 1000 points' }).click();
    expect(await rows()).toHaveLength(1000);
    expect((await hash()).get('rows')).toBe('all');
  });

  it.each(['light', 'dark'] as const)('fits a phone and a window, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(pageOf(smallSweep()));
    for (const width of [360, 1000]) {
      await page.setViewportSize({ width, height: 800 });
      // Drawn anew at the next frame.
      const drawn = () => page.evaluate("document.querySelector('.plot > svg').clientWidth");
      await expect.poll(drawn).toBe(width - AROUND);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    const grid = '.plot > svg line[stroke="#ddd"]';
    const color = await page.evaluate(`getComputedStyle(document.querySelector('${grid}')).stroke`);
    expect(color).toBe(colorScheme === 'dark' ? 'rgb(58, 58, 62)' : 'rgb(221, 221, 221)');
  });
});
