// Measures what a sweep costs beside its simulations: `npm run bench -- sweep [--rounds 3] [--tiny]`. Its variants run
// in turn, because cores are shared. Where the machine knows what other programs took of them, it is printed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, tiny: { type: 'boolean', default: false } },
});
const rounds = values.tiny ? 1 : Number(values.rounds);
const TARGET = { overheadMs: 20, speedup: 1.8 };
/** Points with hardly any requests, which show the overhead. */
const EMPTY = { points: values.tiny ? 4 : 400, requests: 100 };
/** Points of a usual size. */
const USUAL = { points: values.tiny ? 4 : 40, requests: values.tiny ? 1000 : 1_000_000 };
/** Ticks of /proc/stat per second. */
const TICKS = 100;

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'psp-bench-'));
try {
  const reason = cannotPin();
  if (reason) console.log(`SKIPPED the sweeps on one core and on two: ${reason}`);
  else sweeps();
  figure();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** A process held on one core shows what a machine with one core would do: V8's own threads are held there, too. */
function cannotPin() {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'pipe' });
  } catch (error) {
    return `taskset: ${error.message}`;
  }
  return availableParallelism() < 2 ? 'there is only one' : undefined;
}

function sweeps() {
  const [empty, one, two] = [[], [], []];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`\rround ${round}/${rounds}\x1b[K`);
    empty.push(sweep(EMPTY, '0'));
    one.push(sweep(USUAL, '0'));
    two.push(sweep(USUAL, '0,1'));
  }
  process.stderr.write('\r\x1b[K');
  const perPoint = (key) => median(empty.map((took) => (1000 * took[key]) / EMPTY.points));
  say(
    `a point of ${EMPTY.requests} requests, start and write (1 core, ${EMPTY.points} points; ` +
      `${perPoint('cpuSeconds').toFixed(1)} ms of processor time)`,
    `${perPoint('seconds').toFixed(1)} ms`,
    `< ${TARGET.overheadMs} ms`,
    empty,
  );
  const [a, b] = [one, two].map((took) => median(took.map(({ seconds }) => seconds)));
  const what =
    `2 cores against 1 (${USUAL.points} points of ${USUAL.requests} requests: ${a.toFixed(1)} s and ` +
    `${b.toFixed(1)} s)`;
  say(what, `${(a / b).toFixed(2)} x`, `>= ${TARGET.speedup} x`, [...one, ...two]);
}

function sweep({ points, requests }, cores) {
  const out = mkdtempSync(join(scratch, 'sweep-'));
  const args = ['-c', cores, process.execPath, here('one-sweep.mjs'), out, points, requests].map(String);
  const before = busySeconds();
  const took = JSON.parse(execFileSync('taskset', args, { encoding: 'utf8' }));
  return { ...took, others: busySeconds() - before - took.cpuSeconds };
}

function figure() {
  // A figure has no tiny form, so only its help is printed.
  const rest = values.tiny ? ['--help'] : ['3', '--quick', '--out', join(scratch, 'figure')];
  const begin = performance.now();
  execFileSync(process.execPath, [here('../dist/bin/main.js'), 'figure', ...rest], { stdio: 'pipe' });
  say(`psp figure ${rest.slice(0, 2).join(' ')}`, `${((performance.now() - begin) / 1000).toFixed(1)} s`, '', []);
}

/** Seconds that all cores together have been busy since the machine started. */
function busySeconds() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS;
}

function say(what, measured, target, took) {
  const sum = (key) => took.reduce((all, each) => all + each[key], 0);
  const others = Math.max(0, (100 * sum('others')) / (sum('seconds') * cpus().length)).toFixed(0);
  const disturbed = took.length > 0 ? `other programs had ${others} % of the cores` : '';
  console.log(`${what}: ${measured}`);
  if (target) console.log(`  target ${target}; ${disturbed}`);
}
