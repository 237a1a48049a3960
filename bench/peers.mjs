// Customers per second of M/M/1 at load 0.9 and M/M/16 at 0.8, by psp and by the simulators that a package registry
// has: SimPy (Debian's python3-simpy3) and SIM.JS (npm's simjs, in a temporary folder). Rounds in turn, each with a
// seed of its own; medians of processor time. `npm run bench -- peers [--rounds 5] [--tiny]`.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { meanWaitMMc } from '../dist/experiment/validate/theory/closed-forms.js';
import { agreement, perSecond } from './peers/figures.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Only to see that it runs: two rounds, next to no customers. */
    tiny: { type: 'boolean', default: false },
  },
});
const rounds = values.tiny ? 2 : Number(values.rounds);
const MODELS = [
  { name: 'M/M/1 at 0.9', servers: 1, load: 0.9 },
  { name: 'M/M/16 at 0.8', servers: 16, load: 0.8 },
];
const WORKLOAD = 'exponential';
const WORKLOAD_MEAN_NS = 10_000;
/** The short run has this share of the customers; what the long one takes beyond it is the steady state. */
const SHORT_SHARE = 0.25;
const SIMJS = 'simjs@2.0.3';
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'psp-peers-'));

try {
  const contenders = [psp(), loop(), simpy(), simjs()].filter((each) => each !== undefined);
  console.log(`medians of ${rounds} interleaved rounds; load of the machine before: ${loadavg()[0].toFixed(1)}`);
  for (const model of MODELS) report(model, contenders, play(model, contenders));
  console.log(
    '\nPer second of processor time. Steady state: without start-up, by the difference of a long and a short run.' +
      '\nMean sojourn in mean services, with its 99 % interval over the rounds; beside it what theory says.',
  );
} finally {
  rmSync(folder, { recursive: true });
}

function psp() {
  const json = join(folder, 'psp.json');
  return {
    name: 'psp sim',
    customers: 12e6,
    run({ servers, load }, customers, seed) {
      const options = ['--workers', servers, '--load', load, '--requests', customers, '--seed', seed, '--json', json];
      const args = ['sim', '--workload', WORKLOAD, '--policy', 'c-fcfs', ...options].map(String);
      const { cpuSeconds } = timed(process.execPath, [here('../dist/bin/main.js'), ...args]);
      const [{ overall }] = JSON.parse(readFileSync(json, 'utf8'));
      return { cpuSeconds, meanSojourn: overall.sojournNs.mean / WORKLOAD_MEAN_NS };
    },
  };
}

/** It has no short run, because it says how long its steady state took. */
function loop() {
  return {
    name: 'psp, the loop',
    customers: 12e6,
    isLoop: true,
    run({ servers, load }, customers, seed) {
      const args = ['c-fcfs', servers, load, customers, WORKLOAD, seed].map(String);
      const { said } = timed(process.execPath, [here('one-policy.mjs'), ...args]);
      const { cpuNsPerRequest, meanSojournNs } = JSON.parse(said);
      return { cpuSeconds: (cpuNsPerRequest * customers) / 1e9, meanSojourn: meanSojournNs / WORKLOAD_MEAN_NS };
    },
  };
}

function simpy() {
  // Debian's packages are seen by Debian's Python only, which need not be the first in PATH.
  const python = '/usr/bin/python3';
  const there = () => spawnSync(python, ['-c', 'import simpy']).status === 0;
  if (!there() && process.getuid?.() === 0) {
    spawnSync('apt-get', ['install', '-y', '-qq', '-o', 'DPkg::Lock::Timeout=60', 'python3-simpy3'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  if (!there()) return skip('SimPy', 'apt-get install python3-simpy3');
  const version = execFileSync(python, ['-c', 'import simpy; print(simpy.__version__)'], { encoding: 'utf8' }).trim();
  return peer(`SimPy ${version}`, 300e3, python, [here('peers/simpy-mmc.py')]);
}

function simjs() {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', SIMJS], { cwd: folder });
  if (!existsSync(join(folder, 'node_modules/simjs'))) return skip('SIM.JS', `npm install ${SIMJS} failed`);
  return peer(SIMJS.replace('simjs@', 'SIM.JS '), 1e6, process.execPath, [here('peers/simjs-mmc.mjs'), folder]);
}

function skip(name, why) {
  console.warn(`SKIPPED: ${name}: ${why}`);
}

function peer(name, customers, command, args) {
  return {
    name,
    customers,
    run({ servers, load }, count, seed) {
      const { said, cpuSeconds } = timed(command, [...args, servers, load, count, seed].map(String));
      return { cpuSeconds, meanSojourn: JSON.parse(said).meanSojourn };
    },
  };
}

/** The processor time of a command and all it started, as the shell's `times` says, and what it printed. */
function timed(command, args) {
  const shell = ['-c', '"$@" && times', 'sh', command, ...args];
  const lines = execFileSync('sh', shell, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n');
  const seconds = [...lines.at(-1).matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => 60 * Number(m) + Number(s));
  return { said: lines.slice(0, -2).join('\n'), cpuSeconds: seconds.reduce((sum, each) => sum + each, 0) };
}

function play(model, contenders) {
  const played = contenders.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    contenders.forEach((each, i) => {
      process.stderr.write(`\r${model.name}, round ${round}/${rounds}: ${each.name}\x1b[K`);
      const customers = values.tiny ? 4000 : each.customers;
      const long = each.run(model, customers, round);
      const short = each.isLoop ? undefined : each.run(model, customers * SHORT_SHARE, round);
      played[i].push({ customers, ...long, shortSeconds: short?.cpuSeconds });
    });
  }
  process.stderr.write('\r\x1b[K');
  return played;
}

function report({ name, servers, load }, contenders, played) {
  const theory = 1 + meanWaitMMc(servers, servers * load, 1);
  const figures = contenders.map((each, i) => ({
    name: each.name,
    ...perSecond(played[i], SHORT_SHARE, median),
    mean: agreement(
      played[i].map(({ meanSojourn }) => meanSojourn),
      theory,
    ),
  }));
  const [command, alone] = figures;
  const line = (...cells) =>
    console.log(cells.map((text, i) => (i === 0 ? text.padEnd(16) : text.padStart(13))).join(''));
  console.log(`\n${name}: mean sojourn by theory ${theory.toFixed(4)}`);
  line('', 'M/s whole', 'M/s steady', 'psp sim is', 'the loop is', 'mean', 'interval', 'theory');
  for (const { name, whole, steady, mean } of figures) {
    const millions = (rate) => (rate === undefined ? '' : (rate / 1e6).toFixed(rate < 1e6 ? 3 : 1));
    const times = (own, rate) => (rate === undefined ? '' : `${(own / rate).toFixed(1)} x`);
    const verdict = mean.agrees ? 'agrees' : 'DISAGREES';
    const ratios = [times(command.whole, whole), times(alone.steady, steady)];
    const interval = `+- ${mean.half.toFixed(4)}`;
    line(name, millions(whole), millions(steady), ...ratios, mean.mean.toFixed(4), interval, verdict);
  }
}
