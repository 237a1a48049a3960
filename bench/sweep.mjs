// What a sweep costs beside its simulations: `npm run bench -- sweep [--rounds 3] [--tiny]`. Rounds are interleaved, because cores are shared; what other programs
// took of them meanwhile is said, where it can be known.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { localEngine } from '../dist/experiment/sweep/local-engine.js';
import { planSweep } from '../dist/experiment/sweep/plan.js';
import { runSweep } from '../dist/experiment/sweep/run-sweep.js';
import { createThreadPool } from '../dist/experiment/thread-pool.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, tiny: { type: 'boolean', default: false } },
});
const rounds = values.tiny ? 1 : Number(values.rounds);
const TARGET = { overheadMs: 20, speedup: 1.8 };
/** Points of next to no requests, for the overhead. */
const EMPTY = { points: values.tiny ? 4 : 400, requests: 100 };
/** Points as people have them. */
const USUAL = { points: values.tiny ? 4 : 40, requests: values.tiny ? 1000 : 1_000_000 };
/** Of clock ticks in /proc/stat, per second. */
const TICKS = 100;

const scratch = mkdtempSync(join(tmpdir(), 'psp-bench-'));
try {
  await overhead();
  if (availableParallelism() < 2) console.log('SKIPPED: two cores against one needs two');
  else await twoCores();
  figure();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function overhead() {
  const took = [];
  for (let round = 0; round < rounds; round++) took.push(await sweep(EMPTY, 1));
  const ms = median(took.map(({ seconds }) => (1000 * seconds) / EMPTY.points));
  say(
    `overhead of a point (plan, start, write; ${EMPTY.points} points, 1 core)`,
    `${ms.toFixed(1)} ms`,
    `< ${TARGET.overheadMs} ms`,
    took,
  );
}

async function twoCores() {
  const [one, two] = [[], []];
  for (let round = 0; round < rounds; round++) {
    one.push(await sweep(USUAL, 1));
    two.push(await sweep(USUAL, 2));
  }
  const [a, b] = [one, two].map((took) => median(took.map(({ seconds }) => seconds)));
  const what = `2 cores against 1 (${USUAL.points} points, ${a.toFixed(1)} s and ${b.toFixed(1)} s)`;
  say(what, `${(a / b).toFixed(2)} x`, `>= ${TARGET.speedup} x`, [...one, ...two]);
}

function figure() {
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
  // A figure has no tiny form: its command is only asked what it can do.
  const rest = values.tiny ? ['--help'] : ['3', '--quick', '--out', join(scratch, 'figure')];
  const begin = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main, 'figure', ...rest], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`psp figure: exit code ${status}: ${stderr}`);
  const seconds = (performance.now() - begin) / 1000;
  say('psp figure 3 --quick', `${seconds.toFixed(1)} s`, '', [{ seconds }]);
}

/** Runs a sweep into a new folder, with threads of its own. Answers the seconds from before its planning to after its tables. */
async function sweep({ points, requests }, cores) {
  const out = mkdtempSync(join(scratch, 'sweep-'));
  const load = Array.from({ length: points / 4 }, (_, i) => 0.2 + (0.7 * i) / (points / 4));
  const [busy, own] = [busySeconds(), process.cpuUsage()];
  const begin = performance.now();
  const planned = await planSweep([{ lists: { workload: ['bimodal'], load, requests: [requests] } }]);
  const threads = createThreadPool(cores);
  const { ran } = await runSweep(planned, { out, engine: localEngine(threads) });
  threads.close();
  const seconds = (performance.now() - begin) / 1000;
  if (ran !== points) throw new Error(`expected ${points} points, found ${ran}`);
  const { user, system } = process.cpuUsage(own);
  rmSync(out, { recursive: true });
  return { seconds, others: busy === undefined ? undefined : busySeconds() - busy - (user + system) / 1e6 };
}

/** Seconds that all cores together were busy since the start of the machine; undefined where nobody tells. */
function busySeconds() {
  try {
    const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return (user + nice + system + irq + softirq + steal) / TICKS;
  } catch {
    return undefined;
  }
}

function say(what, measured, target, took) {
  const seconds = took.reduce((sum, each) => sum + each.seconds, 0);
  const others = took.reduce((sum, each) => sum + each.others, 0) / (seconds * availableParallelism());
  const disturbed = Number.isNaN(others)
    ? ''
    : `other programs had ${Math.max(0, 100 * others).toFixed(0)} % of the cores`;
  console.log(`${what.padEnd(68)}${measured.padStart(9)}   ${target.padEnd(10)}${disturbed}`);
}
