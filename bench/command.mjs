// Times whole processes as a user starts them, with default options, beside the loop alone; rounds in turn, medians.
// `npm run bench -- command [--policy c-fcfs --rounds 3 --record FILE] [--tiny]`. --record appends one line of JSON;
// `npm run bench -- history FILE` draws those lines.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { describeEnvironment } from '../dist/experiment/environment.js';

const { values } = parseArgs({
  options: {
    policy: { type: 'string', default: 'c-fcfs' },
    rounds: { type: 'string', default: '3' },
    /** File that gets the figures as one line of JSON. */
    record: { type: 'string' },
    /** Only to see that it runs: one round, next to no requests. */
    tiny: { type: 'boolean', default: false },
  },
});
const rounds = values.tiny ? 1 : Number(values.rounds);
const WORKLOAD = 'extreme-bimodal';
const [WORKERS, LOAD] = ['16', '0.8'];
/** The processor time of a short run, and the most that a request may cost, as a multiple of what the loop takes. */
const TARGET = { startSeconds: 0.25, ratio: 1.1 };
const SHORT = 1000;
const LONG = values.tiny ? [2000, 3000] : [10e6, 40e6];
const LOOP = values.tiny ? 3000 : 12e6;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Loads of the sweep's points. */
const LOADS = [0.7, 0.75, 0.8, 0.85];
const CAPACITY_REQUESTS = values.tiny ? 2000 : 4e6;

const short = { label: 'psp sim, 1k requests', run: () => timed(['sim', '--load', LOAD, '--requests', String(SHORT)]) };
const sims = [1, 8].flatMap((replications) =>
  LONG.map((requests) => ({
    label: `psp sim, ${words(requests)} requests${replications > 1 ? ` x ${replications}` : ''}`,
    cores: Math.min(replications, availableParallelism()),
    run: () => ({
      ...timed(['sim', '--load', LOAD, '--requests', String(requests), '--replications', String(replications)]),
      total: requests * replications,
    }),
  })),
);
const long = [
  ...sims,
  { label: `psp sweep, ${LOADS.length} points of ${words(LONG[0])}`, cores: availableParallelism(), run: timedSweep },
  { label: `psp capacity, runs of ${words(CAPACITY_REQUESTS)}`, cores: availableParallelism(), run: timedCapacity },
];
const loop = { label: 'the loop alone', run: timedLoop };

const all = [loop, short, ...long];
const figures = new Map(all.map(({ label }) => [label, []]));
const loadBefore = loadavg()[0];
for (let round = 1; round <= rounds; round++) {
  for (const { label, run } of all) {
    process.stderr.write(`\rround ${round}/${rounds}: ${label}\x1b[K`);
    figures.get(label).push(run());
  }
}
process.stderr.write('\r\x1b[K');
report();

function words(requests) {
  return requests < 1e6 ? String(requests) : `${requests / 1e6}M`;
}

function timedSweep() {
  const out = mkdtempSync(join(tmpdir(), 'psp-bench-'));
  const took = timed(['sweep', '--load', LOADS.join(), '--requests', String(LONG[0]), '--out', out]);
  rmSync(out, { recursive: true });
  return { ...took, total: LOADS.length * LONG[0] };
}

/** How many runs it needs depends on what it finds. */
function timedCapacity() {
  const folder = mkdtempSync(join(tmpdir(), 'psp-bench-'));
  const json = join(folder, 'capacity.json');
  const slo = ['--slo', 'p99 slowdown <= 10'];
  const took = timed(['capacity', ...slo, '--requests', String(CAPACITY_REQUESTS), '--json', json]);
  const { entries } = JSON.parse(readFileSync(json, 'utf8'));
  rmSync(folder, { recursive: true });
  const runs = entries[0].probes.reduce((sum, { replications }) => sum + replications, 0);
  return { ...took, total: runs * CAPACITY_REQUESTS };
}

function timed([command, ...given]) {
  const args = [command, '--workload', WORKLOAD, '--workers', WORKERS, '--policy', values.policy, ...given];
  const began = performance.now();
  // `times` of the shell also counts what the process itself has started.
  const shell = ['-c', '"$@" > /dev/null; times', 'sh', process.execPath, here('../dist/bin/main.js'), ...args];
  const lines = execFileSync('sh', shell, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
  const wallSeconds = (performance.now() - began) / 1000;
  const cpuSeconds = [...lines[1].matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * m + Number(s), 0);
  return { wallSeconds, cpuSeconds };
}

function timedLoop() {
  const args = [here('one-policy.mjs'), values.policy, WORKERS, LOAD, String(LOOP), WORKLOAD];
  const { nsPerRequest, cpuNsPerRequest } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  return { wallSeconds: (nsPerRequest * LOOP) / 1e9, cpuSeconds: (cpuNsPerRequest * LOOP) / 1e9 };
}

function medians({ label }) {
  const of = (key) => median(figures.get(label).map((figure) => figure[key]));
  return { wallSeconds: of('wallSeconds'), cpuSeconds: of('cpuSeconds') };
}

function report() {
  const start = medians(short);
  const alone = medians(loop);
  const rows = [
    { what: loop.label, ...alone, nsPerRequest: (alone.cpuSeconds * 1e9) / LOOP },
    { what: short.label, ...start },
    ...long.map((each) => {
      const took = medians(each);
      const total = median(figures.get(each.label).map((figure) => figure.total));
      const perRequest = (key, cores) => ((took[key] - start[key]) * cores) / total;
      return {
        what: each.label,
        ...took,
        nsPerRequest: perRequest('cpuSeconds', 1) * 1e9,
        cpuRatio: (perRequest('cpuSeconds', 1) * LOOP) / alone.cpuSeconds,
        wallRatio: (perRequest('wallSeconds', each.cores) * LOOP) / alone.wallSeconds,
      };
    }),
  ];
  console.log(
    `psp sim --workload ${WORKLOAD} --workers ${WORKERS} --load ${LOAD} --policy ${values.policy}; medians of ` +
      `${rounds} interleaved rounds; load of the machine before: ${loadBefore.toFixed(1)}\n`,
  );
  const line = (first, ...cells) => console.log(first.padEnd(32) + cells.map((cell) => cell.padStart(12)).join(''));
  line('', 'wall s', 'processor s', 'ns/request', 'x processor', 'x wall', 'target');
  for (const { what, wallSeconds, cpuSeconds, nsPerRequest, cpuRatio, wallRatio } of rows) {
    const target =
      what === short.label ? `${TARGET.startSeconds} s` : cpuRatio === undefined ? '' : `${TARGET.ratio} x`;
    const shown = [nsPerRequest?.toFixed(1), cpuRatio?.toFixed(2), wallRatio?.toFixed(2)].map((text) => text ?? '');
    line(what, wallSeconds.toFixed(2), cpuSeconds.toFixed(2), ...shown, target);
  }
  console.log(
    '\nns/request: processor time beyond that of the short run; x: that over the loop alone, and the same of wall' +
      '\ntime on the cores that the replications use. Processor time counts the compiler, which works beside the run.',
  );
  if (values.record === undefined) return;
  const { version, commit, node, cpu } = describeEnvironment();
  const machine = { cpu, cores: availableParallelism(), node, load: loadBefore };
  const entry = { schema: 'psp.bench/1', at: new Date().toISOString(), version, commit, machine };
  appendFileSync(values.record, `${JSON.stringify({ ...entry, policy: values.policy, rounds, figures: rows })}\n`);
}
