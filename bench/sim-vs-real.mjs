// The matrix of docs/sim-vs-real.md: each workload, policy and load on this machine and simulated with its calibrated costs. By hand, on a quiet machine:
//
//   node bench/sim-vs-real.mjs FOLDER [--minutes 28] [--workload a,b] [--policy a,b] [--load 0.3,0.6] [--tiny]
//
// FOLDER gets, per workload: the calibration (NAME.yaml), psp.compare/1 (NAME.json), every distribution drawn (NAME-POLICY-LOAD.png) and the table (NAME.md). A workload whose table is there is
// not run again, so that an interrupted matrix goes on; the tables of all are printed at the end.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const WORKERS = 14;
/** Of the time of a workload, for the calibration, and the load of its two runs. */
const CALIBRATION_SHARE = 0.1;
const CALIBRATION_LOAD = 0.6;
/** Starting two processes, the end of a run, the simulation and its picture, s. */
const SECONDS_PER_RUN = 4;
/** Longer than the first window of DARC: before it ends there is no reservation. */
const WARMUP = 0.3;
/** With --tiny, which only shows that it runs. */
const TINY = { workload: 'bimodal', load: '0.5', minutes: '0' };
/** Of a point and of a calibration, however little time there is. */
const FEWEST = 200;

// Stretched so that the shortest request takes half a millisecond or more, where waking a thread (some 60 us) is a tenth of it and not all.
// A window of DARC is a fifth of the requests: five reservations a run, whatever its length.
const MATRIX = [
  { name: 'bimodal', dilate: 500, meanUs: 50.5 },
  // 5us and 5ms, not 0.5us and 500us: the same ratio, and a mean of 30us that a minute of real time can hold enough of.
  { name: 'extreme-bimodal', dilate: 100, meanUs: 29.975, scale: 10 },
  { name: 'tpcc', dilate: 100, meanUs: 19.068 },
  { name: 'rocksdb', dilate: 350, meanUs: 318.25 },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '28' },
    workload: { type: 'string', default: MATRIX.map(({ name }) => name).join(',') },
    policy: { type: 'string', default: 'c-fcfs,d-fcfs,darc' },
    load: { type: 'string', default: '0.3,0.6,0.8' },
    tiny: { type: 'boolean', default: false },
  },
});
if (values.tiny) Object.assign(values, TINY);
if (positionals.length !== 1) {
  console.error('expected one folder: node bench/sim-vs-real.mjs FOLDER [--minutes 28]');
  process.exit(2);
}
const folder = resolve(positionals[0]);
const psp = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const policies = values.policy.split(',');
const loads = values.load.split(',').map(Number);
const chosen = MATRIX.filter(({ name }) => values.workload.split(',').includes(name));
mkdirSync(folder, { recursive: true });

for (const each of chosen) {
  const table = join(folder, `${each.name}.md`);
  if (!existsSync(table)) {
    const lines = measure(each, (Number(values.minutes) * 60) / chosen.length);
    writeFileSync(`${table}.part`, `${lines.join('\n')}\n`);
    renameSync(`${table}.part`, table);
  }
}
for (const { name } of chosen) console.log(readFileSync(join(folder, `${name}.md`), 'utf8'));

/** Runs a workload within about so many seconds, and lays out its table. */
function measure({ name, dilate, meanUs, scale }, seconds) {
  const requestSeconds = (meanUs * 1e-6 * dilate) / WORKERS;
  const forRuns = seconds * (1 - CALIBRATION_SHARE) - SECONDS_PER_RUN * policies.length * loads.length;
  // Requests of a point take requests x requestSeconds / load; all points have equally many.
  const perRequest = policies.length * loads.reduce((sum, load) => sum + requestSeconds / load, 0);
  const requests = Math.max(FEWEST, Math.floor(forRuns / perRequest / 100) * 100);
  const calibrating = Math.max(
    FEWEST,
    Math.floor((seconds * CALIBRATION_SHARE) / ((2 * requestSeconds) / CALIBRATION_LOAD)),
  );
  const window = Math.max(20, Math.floor(requests / 5));
  const path = (extension) => join(folder, `${name}.${extension}`);
  const workload = scale ? scaled(name, scale) : name;
  const typed = policies.map((policy) => (policy === 'darc' ? `darc:window=${window}` : policy));
  const common = ['--workload', workload, '--dilate', String(dilate), '--workers', String(WORKERS)];
  run([
    'calibrate',
    ...common,
    '--load',
    String(CALIBRATION_LOAD),
    '--requests',
    String(calibrating),
    '--out',
    path('yaml'),
  ]);
  run(
    // One run for all: the comparison's exit code 1 says that some percentile is too far, which the table shows.
    [
      'run',
      '--both',
      ...common,
      '--policy',
      typed.join(','),
      '--load',
      loads.join(','),
      '--requests',
      String(requests),
      '--warmup',
      String(WARMUP),
    ].concat(['--system', path('yaml'), '--tolerance', '10%', '--json', path('json'), '--picture', path('png')]),
    [0, 1],
  );
  const comparison = JSON.parse(readFileSync(path('json'), 'utf8'));
  const { agree, disagree, undecided } = comparison.verdicts;
  return [
    `### ${name}${scale ? `, demands times ${scale}` : ''}`,
    '',
    `${WORKERS} workers, times stretched ${dilate} times, ${requests} requests a point without the first ${WARMUP * 100} %, DARC with \`window=${window}\`, calibrated with ${calibrating} requests at load ${CALIBRATION_LOAD}.`,
    `Within 10 % (p99.9: 20 %) or the confidence intervals: ${agree} percentiles agree, ${disagree} do not (\`**\`), ${undecided} are undecided (\`?\`: an interval has no bound).`,
    '',
    '| policy | load | type | p50 | p90 | p99 | p99.9 | each request with itself, median |',
    '| ------ | ---- | ---- | --- | --- | --- | ----- | -------------------------------- |',
    ...comparison.runs.flatMap((one) => one.types.map((type) => row(one, type))),
  ];
}

function row({ policy, load }, { name = 'all', slowdown, paired }) {
  const cells = ['p50', 'p90', 'p99', 'p99_9'].map((key) => cell(slowdown[key]));
  const median = paired ? `${paired.medianNs >= 0 ? '+' : '−'}${Math.abs(paired.medianNs)} ns` : '–';
  return `| ${policy} | ${Number(load.toPrecision(3))} | ${name} | ${cells.join(' | ')} | ${median} |`;
}

/** `1.33 / 1.26 (+5.6 %)`, and what it means. */
function cell(value) {
  if (!value) return '–';
  const percent = value.relative * 100;
  const mark = value.agrees === true ? '' : value.agrees === false ? ' **' : ' ?';
  const sign = percent < 0 ? '−' : '+';
  return `${figure(value.a)} / ${figure(value.b)} (${sign}${Math.abs(percent).toFixed(1)} %)${mark}`;
}

function figure(x) {
  return String(Number(x.toPrecision(3)));
}

/** A workload of psp whose fixed demands are all longer by a factor, as a file. */
function scaled(name, factor) {
  const text = readFileSync(fileURLToPath(new URL(`../workloads/${name}.yaml`, import.meta.url)), 'utf8');
  const file = join(folder, `${name}-times-${factor}.yaml`);
  const longer = (_, number, unit) => `service: ${Number(number) * factor}${unit}`;
  writeFileSync(
    file,
    text.replace(/^name: (.*)$/m, `name: $1-times-${factor}`).replace(/service: ([\d.]+)(us|ns|ms)/g, longer),
  );
  return file;
}

function run(args, allowed = [0]) {
  console.error(`psp ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [psp, ...args], { stdio: ['ignore', 2, 2] });
  if (!allowed.includes(status)) {
    console.error(`psp ended with ${status}`);
    process.exit(status ?? 3);
  }
}
