import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import type { Browser, Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIRST_STATE, fragmentOf, type LabState } from '../../src/lab/lab-state.js';
import { TOUR } from '../../src/lab/tour.js';
import { MAIN, psp, scratchFolder } from '../cli/psp.js';
import { inChromium, missingChromium, watchPage } from '../support/browser.js';
import { traceComplaints } from '../support/trace-events.js';

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
  let page: Page;
  let browser: Browser;
  inChromium({ viewport: { width: 1300, height: 1000 }, acceptDownloads: true }, 20_000, (opened, _, of) => {
    page = opened;
    browser = of;
  });

  /** A short run, so that it is measured in no time. */
  const SHORT: Partial<LabState> = { requests: 20_000, step: 0 };

  async function open(state: Partial<LabState> = SHORT, where = page): Promise<void> {
    const address = pathToFileURL(file).href;
    await where.goto(`${address}#${fragmentOf({ ...FIRST_STATE, ...state })}`);
    await where.locator('table.numbers').waitFor();
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
      if (!('change' in step.act)) await page.locator('#act').click();
      if ('worst' in step.act) {
        await says(page.locator('#story'), new RegExp(`^${step.act.worst} \\d+ came at .* waited .* Slowdown`));
        // The same step again, from its beginning.
        await page.locator('.tour [aria-current]').click();
        expect(await text('#story')).toMatch(/^Point at/);
      } else if ('play' in step.act) expect(await text('#play')).toBe('Pause');
      // What was lit up or played before is not any more.
      else expect([await text('#play'), await text('#story')]).toEqual(['Play', expect.stringMatching(/^Point at/)]);
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
    const other = await page.context().newPage();
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
    await canvas.press('ArrowRight');
    await canvas.press('+');
  });

  /** Median time between two frames while the timelines play, and that of the page's own part in them, ms. */
  async function frameTimes(where: Page, frames: number): Promise<string> {
    await where.addInitScript(`{
      window.untimed = window.requestAnimationFrame.bind(window);
      window.spentMs = [];
      window.requestAnimationFrame = (act) => untimed((ms) => {
        const startedMs = performance.now();
        act(ms);
        spentMs.push(performance.now() - startedMs);
      });
    }`);
    await open({ step: 0, requests: 5000, workers: 64, policies: ['c-fcfs', 'ts:quantum=5us'] }, where);
    await where.locator('#digests').waitFor();
    await where.locator('#play').click();
    const [frame, own] = (await where.evaluate(`new Promise((resolve) => {
      const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
      const times = [];
      spentMs.length = 0;
      const tick = (ms) => times.push(ms) < ${frames} ? untimed(tick) : resolve(
        [median(times.slice(1).map((time, i) => time - times[i])), median(spentMs)]);
      untimed(tick);
    })`)) as [number, number];
    return `${frame.toFixed(1)} ms between frames, of which ${own.toFixed(1)} ms draw`;
  }

  it('plays 64 workers smoothly', { timeout: 120_000 }, async () => {
    const times = await frameTimes(page, 60);
    // Printed, not asserted: the machine may be busy.
    console.log(`psp lab: medians with 64 workers: ${times}`);
  });

  it('shows a turned control at once, and more of the run after it', async () => {
    await open({ ...FIRST_STATE, step: 0 });
    await page.locator('#digests').waitFor();
    const ms = await page.evaluate(`(async () => {
      const [slider, said] = ['load-slider', 'measured'].map((id) => document.getElementById(id));
      const times = [];
      for (const load of [0.61, 0.62, 0.63]) {
        const startedMs = performance.now();
        slider.value = load;
        slider.dispatchEvent(new Event('input'));
        while (document.querySelector('.stale') || !said.textContent.startsWith('A first look')) {
          await new Promise(requestAnimationFrame);
        }
        times.push(performance.now() - startedMs);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return times.sort((a, b) => a - b)[1];
    })()`);
    console.log(`psp lab: what is shown follows a turned control after ${Number(ms).toFixed(0)} ms`);
    // DARC has reserved already in what is seen first, and the load is another one in the end.
    expect(await text('table.numbers')).toContain('SHORT 1');
    await page.locator('#digests').waitFor();
    await expectAddress({ load: '0.63' });
  });

  async function saved(id: string): Promise<Buffer> {
    const [file] = await Promise.all([page.waitForEvent('download', PATIENT), page.locator(`#export-${id}`).click()]);
    return readFileSync(await file.path());
  }

  it('saves what is seen as pictures, as a trace, as a film, and its workload', async () => {
    await open({ ...SHORT, workers: 3, policies: ['c-fcfs', 'ts:quantum=5us'] });
    for (const [id, beginning] of [
      ['svg', '<svg'],
      ['png', '\x89PNG'],
      ['yaml', '# Half'],
    ] as const) {
      expect((await saved(id)).toString('latin1')).toMatch(new RegExp(`^${beginning}`));
    }
    const trace = String(await saved('perfetto'));
    expect(traceComplaints(trace)).toEqual([]);
    const { traceEvents } = JSON.parse(trace) as {
      traceEvents: { ph: string; pid: number; name: string; args: object }[];
    };
    const named = (name: string) => traceEvents.filter((event) => event.name === name);
    expect(named('process_name').map(({ args }) => args)).toEqual([
      { name: 'psp: c-fcfs' },
      { name: 'psp: ts:quantum=5us' },
    ]);
    expect(named('thread_name').map(({ pid, args }) => [pid, ...Object.values(args)])).toEqual(
      [1, 2].flatMap((pid) => [0, 1, 2].map((worker) => [pid, `worker ${worker}`])),
    );
    for (const pid of [1, 2]) {
      expect(named('waiting').find((event) => event.pid === pid)!.args).toHaveProperty('SHORT');
      expect(named('LONG').filter((event) => event.pid === pid && event.ph === 'X').length).toBeGreaterThan(5);
    }
    const film = await saved('webm');
    expect(film.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
    expect(film.length).toBeGreaterThan(20_000);
  });

  /** Fingers on the timelines, each with its places one after the other. */
  async function touch(where: Page, ...fingers: readonly (readonly number[])[]): Promise<void> {
    const cdp = await where.context().newCDPSession(where);
    const box = (await where.locator('canvas.timelines').boundingBox())!;
    const points = (step: number) => fingers.map((places, id) => ({ x: box.x + places[step]!, y: box.y + 60, id }));
    for (const step of fingers[0]!.keys()) {
      const type = step === 0 ? 'touchStart' : 'touchMove';
      await cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points(step) });
    }
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  }

  it('is used with fingers on a narrow screen, where nothing is cut off', async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    const small = await context.newPage();
    const troubles: string[] = [];
    watchPage(small, troubles);
    await open({ ...SHORT, step: 1 }, small);
    await small.locator('#digests').waitFor();
    expect(await small.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const cutOff = await small.evaluate(`[...document.querySelectorAll('button, input, select, td, th, canvas, figure')]
      .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > 360)
      .map((each) => each.outerHTML)`);
    expect(cutOff).toEqual([]);
    const view = async () => {
      const label = await small.locator('canvas.timelines').getAttribute('aria-label');
      const [, from, to] = /([\d.]+) ms to ([\d.]+) ms/.exec(label!)!;
      return { from: Number(from), length: Number(to) - Number(from) };
    };
    await small.locator('canvas.timelines').scrollIntoViewIfNeeded();
    const first = await view();
    // A finger to the left: later times.
    await touch(small, [300, 250, 200]);
    await expect.poll(async () => (await view()).from, PATIENT).toBeGreaterThan(first.from);
    expect((await view()).length).toBeCloseTo(first.length, 2);
    // Two fingers that part: a shorter stretch.
    await touch(small, [150, 130, 100], [200, 220, 250]);
    await expect.poll(async () => (await view()).length, PATIENT).toBeCloseTo(first.length / 3, 1);
    // A tap lights a request up, and it stays.
    await small.locator('canvas.timelines').tap({ position: { x: 200, y: 60 } });
    await says(small.locator('#story'), /^(SHORT|LONG) \d+ came at /);
    await context.close();
    expect(troubles).toEqual([]);
  });

  it('plays as one picture after the other where the system asks for no motion', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open();
    await page.locator('#play').click();
    const times = (await page.evaluate(`new Promise((resolve) => {
      const seen = new Set();
      const endMs = performance.now() + 1000;
      const look = () => {
        seen.add(document.querySelector('.where').textContent);
        if (performance.now() < endMs) requestAnimationFrame(look);
        else resolve([...seen]);
      };
      look();
    })`)) as string[];
    expect(times.length).toBeGreaterThan(1);
    expect(times.length).toBeLessThan(5);
  });

  it('has a name for every control', async () => {
    await open({ ...SHORT, policies: ['darc', './mine.ts'] });
    await page.locator('#digests').waitFor();
    const cdp = await page.context().newCDPSession(page);
    const { nodes } = await cdp.send('Accessibility.getFullAXTree');
    const roles = /^(button|combobox|slider|textbox|spinbutton|checkbox|searchbox|img|image|form|region|alert)$/;
    const controls = nodes.filter(({ ignored, role }) => !ignored && roles.test(String(role?.value)));
    const nameless = controls.filter(({ name, role }) => !name?.value && role!.value !== 'alert');
    expect(nameless.map(({ role, backendDOMNodeId }) => [role!.value, backendDOMNodeId])).toEqual([]);
    expect(controls.length).toBeGreaterThan(40);
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
