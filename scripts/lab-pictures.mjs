// Remakes the pictures of the laboratory in docs/, in Debian's Chromium: node scripts/lab-pictures.mjs
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { build, ROOT } from './setup.mjs';

const MOST_BYTES = 150_000;
const HOUR = 3_600_000;

await build();
const page = pathToFileURL(join(ROOT, 'dist/lab/lab.html')).href;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });

/**
 * A picture of the sections from the first to the last of these names.
 *
 * @param prepare what to do in the page before
 */
async function picture(name, { hash, colorScheme = 'light', from, to, prepare = async () => {} }) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 2600 }, colorScheme });
  const lab = await context.newPage();
  lab.setDefaultTimeout(HOUR);
  await lab.goto(`${page}#${hash}`);
  await lab.getByText(/^8 x 200,000 requests/).waitFor();
  await prepare(lab);
  await lab.mouse.move(0, 0);
  const [first, last] = await Promise.all(
    [from, to].map((label) => lab.getByLabel(label, { exact: true }).boundingBox()),
  );
  const [x, y] = [Math.min(first.x, last.x), first.y];
  const width = Math.max(first.x + first.width, last.x + last.width) - x;
  const path = join(ROOT, 'docs', name);
  await lab.screenshot({ path, clip: { x, y, width, height: last.y + last.height - y } });
  await context.close();
  const { size } = statSync(path);
  console.log(`docs/${name}: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) process.exitCode = 1;
}

await picture('lab-wait.png', {
  hash: 'step=1',
  from: 'Timelines',
  to: 'Timelines',
  prepare: (lab) => lab.locator('#act').click(),
});
await picture('lab-curves.png', {
  hash: 'step=1',
  from: 'Numbers',
  to: 'Curves',
  // Until every load of the curves is measured.
  prepare: (lab) => lab.waitForTimeout(20_000),
});
await picture('lab-dark.png', {
  hash: 'step=6&policy=darc&policy=ts%3Aquantum%3D5us&load=0.7&fromNs=1&forNs=150000',
  colorScheme: 'dark',
  from: 'Guided tour',
  to: 'Timelines',
});
await browser.close();
