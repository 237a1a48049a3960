import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { point } from '../report/page/points.js';
import { DARC } from '../report/results.js';
import { MAIN, psp, pspHere, ROOT, scratchFolder } from './psp.js';

const folder = scratchFolder();
const here = (name: string) => join(folder, name);
const TRACE = 'arrival_ns,type,service_ns\n0,A,1000\n5000,A,1000\n9000,A,1000\n';
const WORKLOAD = `name: mine
types:
  - { name: A, ratio: 1, service: { empirical: { file: samples.csv } } }
`;

writeFileSync(here('t.csv'), TRACE);
writeFileSync(here('mine.yaml'), WORKLOAD);
writeFileSync(here('samples.csv'), 'probability,duration\n0,1us\n1,2us\n');
writeFileSync(here('sim.yaml'), 'workload: bimodal\n');
copyFileSync(join(ROOT, 'configs/systems/persephone.yaml'), here('system.yaml'));
copyFileSync(join(ROOT, 'configs/c6420.yaml'), here('c6420.yaml'));
writeFileSync(here('experiment.yaml'), 'workload: t.csv\n');
writeFileSync(here('a.json'), JSON.stringify([DARC]));
writeFileSync(here('b.json'), JSON.stringify([DARC]));
mkdirSync(here('sweep/points'), { recursive: true });
const made = point({ policy: 'darc', load: 0.5, slowdown: 2 });
writeFileSync(here(`sweep/points/${made.key}.json`), JSON.stringify({ schema: 'psp.point/1', ...made }));
symlinkSync(here('t.csv'), here('link.csv'));
linkSync(here('t.csv'), here('hard.csv'));
mkdirSync(here('as-tables'));
writeFileSync(here('as-tables/results.csv'), TRACE);

const before = snapshot();

function snapshot(): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')]));
}

const sim = (line: string) => `sim --policy c-fcfs --requests 3 ${line}`;
const quick = '--workload bimodal --requests 3';

describe('no command writes onto a file that it reads, or two outputs onto one', () => {
  it.each([
    [sim('--workload t.csv --record t.csv'), 'record'],
    [sim('--workload t.csv --json t.csv'), 'json'],
    [sim('--workload t.csv --json link.csv'), 'json'],
    [sim('--workload link.csv --json hard.csv'), 'json'],
    [sim('--workload mine.yaml --json mine.yaml'), 'json'],
    [sim('--workload mine.yaml --json samples.csv'), 'json'],
    [sim('--config sim.yaml --json sim.yaml'), 'json'],
    [`sim --system system.yaml ${quick} --json system.yaml`, 'json'],
    [`sim --system system ${quick} --json system.yaml`, 'json'],
    [sim('--workload bimodal --json x.json --timeline x.json'), 'timeline'],
    [sim('--workload bimodal --json x.json --record ./x.json'), 'record'],
    [`sim --policy darc,c-fcfs ${quick} --json x-darc.json --timeline x.json`, 'timeline'],
    [`capacity --slo 'p50 slowdown <= 2' ${quick} --json x.svg --picture x.svg`, '--picture'],
    ["capacity --workload mine.yaml --json mine.yaml --slo 'p50 slowdown <= 2'", '--json'],
    ['compare a.json b.json --json a.json', '--json'],
    ['compare a.json b.json --json x.svg --picture x.svg', '--picture'],
    [`run --hw ${quick} --json x --record x`, '--record'],
    ['run --hw --workload t.csv --record t.csv', '--record'],
    ['run --hw --workload mine.yaml --record mine.yaml', '--record'],
    ['run --both --workload bimodal --system system.yaml --json system.yaml', '--json'],
    ['serve --config c6420.yaml --workload bimodal --json c6420.yaml', '--json'],
    ['serve --config c6420.yaml --workload bimodal --json x --record x', '--json'],
    ['load --config c6420.yaml --workload bimodal --requests 3 --json c6420.yaml', '--json'],
    ['calibrate --workload mine.yaml --out mine.yaml', '--out'],
    ['replay mine.yaml --timeline x.svg', ''],
    [`report sweep --out sweep/points/${made.key}.json`, '--out'],
    ['sweep --workload as-tables/results.csv --policy c-fcfs --out as-tables', '--out'],
  ])('psp %s', async (line, option) => {
    const { code, out, err } = await pspHere(words(line), folder);
    if (option !== '') {
      expect(err).toMatch(
        new RegExp(`^psp: ${option}: expected (another file than|a file that this command does not read)`),
      );
    }
    expect([code, out]).toEqual([2, '']);
    expect(snapshot()).toEqual(before);
  });

  it.each(['sweep --workload bimodal', 'merge sweep', 'figure 3', 'run --both --workload bimodal --keep'])(
    'psp %s --out "" is refused, and writes nothing here',
    async (line) => {
      const option = line.endsWith('--keep') ? [] : ['--out'];
      const { code, err } = await pspHere([...words(line), ...option, ''], folder);
      expect([code, err]).toEqual([2, expect.stringMatching(/^psp: --(out|keep): expected a folder, found nothing$/)]);
      expect(snapshot()).toEqual(before);
    },
  );

  it('psp report --out "" is refused', async () => {
    const { code, err } = await pspHere(['report', 'sweep', '--out', ''], folder);
    expect([code, err]).toEqual([2, 'psp: --out: expected a file, found nothing']);
  });
});

function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
}

// A file that may not grow is what a full disk is to who writes it.
it('a full disk leaves the report that was there', async () => {
  mkdirSync(here('full'));
  const report = join(here('full'), 'report.html');
  writeFileSync(report, 'the old report');
  const run = `ulimit -f 1; exec "$0" "$@"`;
  const args = [process.execPath, MAIN, 'report', here('sweep'), '--out', report];
  const { exitCode, stderr } = await execa('bash', ['-c', run, ...args], { reject: false });
  expect([exitCode, stderr]).toEqual([3, `psp: ${report}: cannot be written: EFBIG: file too large`]);
  expect(readFileSync(report, 'utf8')).toBe('the old report');
  expect(readdirSync(join(report, '..'))).toEqual(['report.html']);
});

it('a result may go to a device, which stays one', async () => {
  const { code } = await psp([
    'sim',
    '--policy',
    'c-fcfs',
    ...quick.split(' '),
    '--json',
    '/dev/null',
    '--record',
    '/dev/null',
  ]);
  expect([code, existsSync('/dev/null')]).toEqual([0, true]);
  writeFileSync('/dev/null', 'x');
  expect(readFileSync('/dev/null', 'utf8')).toBe('');
});
