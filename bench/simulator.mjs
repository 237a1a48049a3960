// Measures the simulator, policy by policy, beside the C++ loop of bench/limit.cpp: rounds in turn, medians.
// `npm run bench -- simulator [--requests 12e6 --rounds 5] [--tiny]`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { policies } from '../dist/scheduler/policy-registry.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '12e6' },
    rounds: { type: 'string', default: '5' },
    load: { type: 'string', default: '0.8' },
    /** Only to see that it runs: one round, next to no requests, few policies. */
    tiny: { type: 'boolean', default: false },
  },
});
if (values.tiny) values.requests = '1e4';
const rounds = values.tiny ? 1 : Number(values.rounds);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Speed of the C++ loop on the machine where the targets were set, millions of requests per second. */
const REFERENCE_LOOP = 57;
/** Targets on that machine, millions of requests per second and core. */
const target = (policy, workers) =>
  workers === 256 ? 5 : policy.clairvoyant ? 4 : policy.preemptive ? 8 : policy.name === 'c-fcfs' ? 15 : 12;

const scratch = mkdtempSync(join(tmpdir(), 'psp-bench-'));
try {
  const limit = compileLimit();
  const contenders = [
    ...(limit
      ? ['bare', 'full'].map((mode) => ({
          label: `C++ loop, ${mode}`,
          run: () => call(limit, ['16', values.load, values.requests, mode]),
        }))
      : []),
    ...policies.filter(({ name }) => !values.tiny || name === 'c-fcfs').map((policy) => contender(policy, 16)),
    ...policies
      .filter((policy) => (values.tiny ? ['darc'] : ['c-fcfs', 'd-fcfs', 'darc', 'ts']).includes(policy.name))
      .map((policy) => contender(policy, 256)),
  ];
  const figures = new Map(contenders.map(({ label }) => [label, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { label, run } of contenders) {
      process.stderr.write(`\rround ${round}/${rounds}: ${label}\x1b[K`);
      figures.get(label).push(run());
    }
  }
  process.stderr.write('\r\x1b[K');
  report(contenders, figures);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function contender(policy, workers) {
  return {
    label: `${policy.name}, ${workers} workers`,
    target: target(policy, workers),
    run: () =>
      call(process.execPath, [
        here('one-policy.mjs'),
        policy.name,
        String(workers),
        values.load,
        values.requests,
        'extreme-bimodal',
      ]),
  };
}

function call(command, args) {
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
}

function compileLimit() {
  const binary = join(scratch, 'limit');
  try {
    execFileSync('g++', ['-O2', '-march=native', '-std=c++20', '-o', binary, here('limit.cpp')], { stdio: 'pipe' });
    return binary;
  } catch (error) {
    console.log(`SKIPPED the C++ loop: ${error.code === 'ENOENT' ? 'g++ is not installed' : error.message}`);
    return undefined;
  }
}

function report(list, figures) {
  const of = (label) => median(figures.get(label).map((figure) => figure.nsPerRequest));
  const full = figures.has('C++ loop, full') ? of('C++ loop, full') : Number.NaN;
  const bare = figures.has('C++ loop, bare') ? of('C++ loop, bare') : Number.NaN;
  console.log(
    `extreme-bimodal, load ${values.load}, ${Number(values.requests) / 1e6} M requests a run, one core; ` +
      `medians of ${rounds} interleaved rounds\n`,
  );
  const row = (...cells) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(30) : cell.padStart(13))).join(''));
  const here = 1000 / bare / REFERENCE_LOOP;
  row('', 'ns/request', 'M requests/s', 'target', 'scaled', 'x C++ bare', 'x C++ full', 'max RSS MB');
  for (const { label, target } of list) {
    const ns = of(label);
    const rss = Math.max(...figures.get(label).map((figure) => figure.maxRssMb ?? 0));
    row(
      label,
      ns.toFixed(1),
      (1000 / ns).toFixed(2),
      target ? String(target) : '',
      target && !Number.isNaN(here) ? (target * here).toFixed(1) : '',
      (ns / bare).toFixed(2),
      (ns / full).toFixed(2),
      rss ? rss.toFixed(0) : '',
    );
  }
  console.log(
    '\nbare: the C++ loop adds up sojourns only; full: with the histograms and the digest that every psp run keeps' +
      '\nscaled: the target times the speed of this machine, which is that of the bare loop over ' +
      `${REFERENCE_LOOP} M/s, its speed where the targets were set`,
  );
}
