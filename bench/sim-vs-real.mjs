// How far simulation and machine agree: `node bench/sim-vs-real.mjs DIR [--tiny]`, some 25 minutes on a quiet machine of two cores. For each workload it measures what the machine costs at
// that dilation, runs every policy at every load on the machine and in the simulator, and prints a table for docs/sim-vs-real.md. DIR holds the systems, comparisons and
// pictures; workloads whose comparison is there are not run again.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { tiny: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [dir] = positionals;
if (dir === undefined) {
  console.error('expected a folder for the results: node bench/sim-vs-real.mjs DIR');
  process.exit(2);
}
mkdirSync(dir, { recursive: true });
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const LOADS = values.tiny ? '0.5' : '0.3,0.6,0.8';

/** Of each: stretched so that its shortest requests take half a millisecond or more; as many requests as take about five minutes; four windows of DARC. */
const CASES = [
  { workload: 'bimodal', dilate: 500, requests: 10_600, calibrate: 2000, window: 2000 },
  { workload: 'tpcc', dilate: 200, requests: 40_000, calibrate: 5000, window: 8000 },
  { workload: 'rocksdb', dilate: 500, requests: 1500, calibrate: 1000, window: 300 },
  { workload: 'extreme-bimodal', dilate: 2000, requests: 40_000, calibrate: 5000, window: 10_000 },
];

for (const { workload, dilate, requests, calibrate, window } of values.tiny ? CASES.slice(0, 1) : CASES) {
  const [system, json] = [`${workload}.yaml`, `${workload}.json`].map((name) => join(dir, name));
  const both = ['run', '--both', '--workload', workload, '--policy', `c-fcfs,d-fcfs,darc:window=${window}`];
  const length = ['--load', LOADS, '--requests', String(values.tiny ? 300 : requests), '--dilate', String(dilate)];
  const output = ['--tolerance', '10%', '--json', json, '--picture', join(dir, `${workload}.png`)];
  if (!existsSync(json)) {
    const probes = ['--workers', '14', '--requests', String(values.tiny ? 200 : calibrate), '--dilate', String(dilate)];
    psp([0], 'calibrate', '--workload', workload, ...probes, '--name', workload, '--out', system);
    // 1: some percentile differs.
    psp([0, 1], ...both, ...length, '--warmup', '0.3', '--system', system, ...output);
  }
  show(workload, JSON.parse(readFileSync(json, 'utf8')));
}

function psp(expected, ...args) {
  console.error(`psp ${args.join(' ')}`);
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  if (!expected.includes(status)) throw new Error(`exit code ${status}: ${stderr}`);
}

function show(workload, { runs, verdicts }) {
  const { agree, disagree, undecided } = verdicts;
  console.log(`\n### ${workload}: ${agree} agree, ${disagree} do not, ${undecided} undecided\n`);
  console.log('| policy | load | type | p50 | p90 | p99 | p99.9 | each request with itself |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const { policy, load, types } of runs) {
    for (const { name = 'all', slowdown, paired } of types) {
      const cells = ['p50', 'p90', 'p99', 'p99_9'].map((key) => cell(slowdown[key]));
      const median = paired ? `${Math.round(paired.medianNs)} ns` : '–';
      console.log(`| ${[policy, Number(load.toPrecision(3)), name, ...cells, median].join(' | ')} |`);
    }
  }
}

/** `1.33 / 1.26 (+5.4 %)`: simulated, real; ** where they disagree, ? where it is undecided. */
function cell(value) {
  if (value === null) return '–';
  const { a, b, relative, agrees } = value;
  const percent = `${relative < 0 ? '−' : '+'}${Math.abs(100 * relative).toFixed(1)} %`;
  return `${digits(a)} / ${digits(b)} (${percent})${agrees === false ? ' **' : agrees === null ? ' ?' : ''}`;
}

function digits(x) {
  return String(Number(x.toPrecision(3)));
}
