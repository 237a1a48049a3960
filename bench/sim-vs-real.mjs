// Makes the matrix of docs/decisions/sim-vs-real.md: each workload, policy and load on this machine, and simulated with
// the costs that were calibrated here. Run it by hand on a quiet machine:
//
//   node bench/sim-vs-real.mjs FOLDER [--minutes 28] [--workload a,b] [--policy a,b] [--load 0.3,0.6] [--tiny]
//
// For each point it writes into FOLDER the calibration, psp.compare/1 and a picture of the distributions (yaml, json
// and png, named WORKLOAD.POLICY.LOAD); for each workload a table in Markdown. A workload whose table is there is not
// run again, so an interrupted matrix can go on. All tables are printed at the end.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { policyNamed } from '../dist/scheduler/policy-registry.js';

const WORKERS = 14;
/** Share of a workload's time for the calibrations of its points. */
const CALIBRATION_SHARE = 0.25;
/** Seconds to start two processes, to end a run, and for the simulation and its picture. */
const SECONDS_PER_RUN = 4;
/**
 * DARC's window, as a share of the requests of a run. It is long, because with a short one it depends on chance which
 * long requests are done when it ends, and with that whether a group gets one worker more (TPC-C's demands of 6.45 and
 * 5.4 workers are near the limit). Then two runs of one world would differ more than the two worlds do.
 */
const WINDOW = 0.3;
/** A policy that may preempt is calibrated under this one: the time that a preempted request waits is not a cost. */
const CALIBRATING = 'c-fcfs';
/** The warm-up is longer than the window, before whose end there is no reservation. */
const WARMUP = 0.35;
/** For --tiny, which only shows that the bench runs. */
const TINY = { workload: 'bimodal', policy: 'darc', load: '0.5', minutes: '0' };
/** Fewest requests of a point and of a calibration, however little time there is. */
const FEWEST = 200;

// Times are stretched until the shortest request takes at least half a millisecond, so that waking a thread (some
// 60 us) is a tenth of it.
const MATRIX = [
  { name: 'bimodal', dilate: 500, meanUs: 50.5 },
  // 5us and 5ms in place of 0.5us and 500us: the same ratio, with a mean of 30us, so that a minute holds enough
  // requests.
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
const psp = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url));
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

/** Runs a workload within about this many seconds, and returns the lines of its table. */
function measure({ name, dilate, meanUs, scale }, seconds) {
  const requestSeconds = (meanUs * 1e-6 * dilate) / WORKERS;
  // A point is three runs: two for its calibration, and the one that is compared.
  const forRuns = seconds - 3 * SECONDS_PER_RUN * policies.length * loads.length;
  // n requests of a point take n x requestSeconds / load; all points have equally many.
  const perRequest = policies.length * loads.reduce((sum, load) => sum + requestSeconds / load, 0);
  const requests = Math.max(FEWEST, Math.floor((forRuns * (1 - CALIBRATION_SHARE)) / perRequest / 100) * 100);
  const calibrating = Math.max(FEWEST, Math.floor((forRuns * CALIBRATION_SHARE) / (2 * perRequest)));
  const window = Math.max(20, Math.floor(requests * WINDOW));
  const path = (extension) => join(folder, `${name}.${extension}`);
  const workload = scale ? scaled(name, scale) : name;
  const typed = policies.map((policy) => (policy === 'darc' ? `darc:window=${window}` : policy));
  const common = ['--workload', workload, '--dilate', String(dilate), '--workers', String(WORKERS)];
  const point = (policy, asTyped, load) => {
    const own = (extension) => path(`${policy}.${load}.${extension}`);
    const at = [...common, '--load', String(load)];
    const calibrator = policyNamed(policy.split(':')[0]).preemptive ? CALIBRATING : policy;
    // Calibrate right before the run and at its load: the time of a wake-up changes within minutes.
    run(
      ['calibrate', ...at, '--policy', calibrator, '--requests', String(calibrating), '--dispatchers', 'none'].concat([
        '--out',
        own('yaml'),
      ]),
    );
    run(
      // Exit code 1 of the comparison means that a percentile is too far off, which the table shows.
      ['run', '--both', ...at, '--policy', asTyped, '--requests', String(requests), '--warmup', String(WARMUP)]
        .concat(['--system', own('yaml'), '--tolerance', '10%'])
        .concat(['--json', own('json'), '--picture', own('png')]),
      [0, 1],
    );
    const comparison = JSON.parse(readFileSync(own('json'), 'utf8'));
    for (const verdict of Object.keys(verdicts)) verdicts[verdict] += comparison.verdicts[verdict];
    return comparison.runs.flatMap((one) => one.types.map((type) => row(one, type)));
  };
  const verdicts = { agree: 0, disagree: 0, undecided: 0 };
  const rows = policies.flatMap((policy, i) => loads.flatMap((load) => point(policy, typed[i], load)));
  const { agree, disagree, undecided } = verdicts;
  return [
    `### ${name}${scale ? `, demands times ${scale}` : ''}`,
    '',
    `${WORKERS} workers, times stretched ${dilate} times, ${requests} requests a point without the first ` +
      `${WARMUP * 100} %, DARC with \`window=${window}\`, each calibrated with twice ${calibrating} requests at ` +
      'its load.',
    `Within 10 % (p99.9: 20 %) or the confidence intervals: ${agree} percentiles agree, ${disagree} do not ` +
      `(\`**\`), ${undecided} are undecided (\`?\`: an interval has no bound).`,
    '',
    '| policy | load | type | p50 | p90 | p99 | p99.9 | each request with itself, median |',
    '| ------ | ---- | ---- | --- | --- | --- | ----- | -------------------------------- |',
    ...rows,
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

/** Writes a workload of psp with all fixed demands longer by a factor. */
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
