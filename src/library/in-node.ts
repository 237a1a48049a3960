/** What programs in Node call: the runs of the command line, without its output. */

import { findCapacity } from '../experiment/capacity/find-capacity.js';
import { parseSlo } from '../experiment/capacity/slo.js';
import { compareSides } from '../experiment/compare/compare-results.js';
import { planRuns } from '../experiment/plan/plan.js';
import { createOwnThread } from '../experiment/run/own-thread.js';
import { controlFor } from '../experiment/run/replicate.js';
import { runReplicated } from '../experiment/run/run-replicated.js';
import { readSampled } from '../experiment/run/sampled-json.js';
import { createThreadPool } from '../experiment/run/thread-pool.js';
import { type Lists, planSweep } from '../experiment/sweep/plan-sweep.js';
import { runSweep } from '../experiment/sweep/run-sweep.js';
import { gatherSources } from '../experiment/sweep/sources.js';
import { allowPolicyFiles } from '../policy-files/open-policies.js';
import type { Capacity } from '../results/capacity-schema.js';
import type { Comparison } from '../results/comparison.js';
import type { Result } from '../results/result.js';
import { InputError } from '../units/errors.js';
import { parseWorkload } from '../workload/parse-workload.js';
import type { Workload } from '../workload/workload.js';
import { inArguments, namingArguments } from './argument-names.js';
import {
  checkArguments,
  FLAG,
  FUNCTION,
  hasObjects,
  RUN_RULES,
  rulesOfLists,
  settingsOf,
  TEXT,
  TEXTS,
  WATCH_RULES,
} from './check-arguments.js';
import type {
  CapacityArguments,
  CompareArguments,
  SimulateArguments,
  SweepArguments,
  SweepResult,
  WatchArguments,
} from './options.js';
import { watchControl } from './watch-control.js';

const SIMULATE_RULES = { ...RUN_RULES, ...WATCH_RULES };
const SWEEP_RULES = {
  ...rulesOfLists({ ...RUN_RULES, workload: TEXT }),
  policies: {
    ...TEXTS,
    expected: `${TEXTS.expected}: a sweep needs the code of policies, which an object does not show`,
  },
  systems: TEXTS,
  ...WATCH_RULES,
  onNote: FUNCTION,
  out: { ...TEXT, expected: 'a folder for the results' },
};
const { load: _, rateScale: __, replications: ___, precision: ____, ...SEARCHED } = RUN_RULES;
const CAPACITY_RULES = {
  ...SEARCHED,
  workload: TEXT,
  policies: TEXTS,
  signal: WATCH_RULES.signal,
  slos: { ...TEXTS, expected: "a list of objectives, such as ['p99.9 slowdown <= 10']" },
  find: { expected: "'load' or 'workers'", fits: (x: unknown) => x === 'load' || x === 'workers' },
  onProbe: FUNCTION,
};
const COMPARE_RULES = {
  tolerance: {
    expected: 'a share above 0, such as 0.1',
    fits: (x: unknown) => typeof x === 'number' && x > 0 && x < 10,
  },
  unpaired: FLAG,
};

/**
 * Simulates policies on the same requests. The same arguments give the same results, bit for bit, on any machine, and
 * those of `psp sim`.
 *
 * @returns one result per policy or system, in their order
 * @throws InputError when an argument, a workload or a policy is wrong; nothing has run then
 * @throws EnvironmentError when the machine cannot do it, such as for lack of memory
 */
export function simulatePolicies(options: SimulateArguments): Promise<Result[]> {
  return namingArguments(() => simulateNow(options));
}

async function simulateNow(options: SimulateArguments): Promise<Result[]> {
  const { signal, onProgress, ...fields } = checkArguments(options, SIMULATE_RULES, ['workload']) as WatchArguments &
    Record<string, unknown>;
  allowPolicyFiles();
  const settings = settingsOf(fields);
  const { specs, replications } = await planRuns(settings);
  const control = controlFor(specs, replications);
  const threads = hasObjects(settings) ? createOwnThread() : createThreadPool();
  const unwatch = watchControl(control, { signal, onProgress });
  try {
    const all = await runReplicated(specs, replications, { control, threads });
    signal?.throwIfAborted();
    return all.map(({ result }) => result!);
  } finally {
    unwatch();
    threads.close();
  }
}

/**
 * Simulates every combination of the listed values into a folder, on all cores. A point that the folder has already is
 * not run again, so that the same call resumes a sweep that was aborted.
 *
 * @throws InputError when an argument is wrong; nothing has run then
 * @throws EnvironmentError when the folder cannot be written
 */
export function sweepPolicies(options: SweepArguments): Promise<SweepResult> {
  return namingArguments(() => sweepNow(options));
}

async function sweepNow(options: SweepArguments): Promise<SweepResult> {
  const { signal, onProgress, onNote, out, ...fields } = checkArguments(options, SWEEP_RULES, [
    'workload',
    'out',
  ]) as unknown as SweepArguments;
  allowPolicyFiles();
  const lists = Object.entries(fields).map(([name, value]) => {
    const values: unknown[] = [value].flat();
    return [name, name === 'seed' ? values.map(String) : values];
  });
  const notes = new Set<string>();
  const blocks = [{ lists: Object.fromEntries(lists) as Lists }];
  const sources = gatherSources({}, blocks, notes);
  const planned = await planSweep(blocks, notes, undefined, sources);
  for (const note of notes) onNote?.(note);
  const { points, ran, present, failures } = await runSweep(planned, {
    out,
    sources,
    ...(signal && { signal }),
    ...(onNote && { onNote }),
    ...(onProgress && { onProgress: ({ done }) => onProgress(done) }),
  });
  signal?.throwIfAborted();
  return {
    points,
    ran,
    present,
    failures: failures.map(({ planned: { command }, message }) => ({ command, message })),
  };
}

/**
 * Finds for each policy the highest load that meets all objectives, or the fewest workers that meet them at a rate.
 *
 * @throws InputError when an argument is wrong; nothing has run then
 * @throws EnvironmentError when the machine cannot do it
 */
export function findPolicyCapacity(options: CapacityArguments): Promise<Capacity> {
  return namingArguments(() => findNow(options));
}

async function findNow(options: CapacityArguments): Promise<Capacity> {
  const checked = checkArguments(options, CAPACITY_RULES, ['workload', 'slos']) as unknown as CapacityArguments;
  const { slos, find = 'load', signal, onProbe, maxReplications, ...fields } = checked;
  const field = find === 'workers' ? 'workers' : 'rateRps';
  if (checked[field] !== undefined) throw new InputError(`${field}: expected no such field with find: '${find}'`);
  if (find === 'workers' && checked.rateRps === undefined) {
    throw new InputError(`rateRps: expected ${RUN_RULES.rateRps.expected} with find: 'workers', found nothing`);
  }
  allowPolicyFiles();
  const { workload, policies, ...settings } = settingsOf(fields);
  const found = await findCapacity(
    { ...settings, workload: checked.workload, ...(checked.policies && { policies: checked.policies }) },
    {
      slos: slos.map((slo, i) => parseSlo(slo, `slos[${i}]`)),
      find,
      ...(maxReplications !== undefined && { mostReplications: maxReplications }),
      ...(signal && { signal }),
      ...(onProbe && { onProbe }),
    },
  );
  signal?.throwIfAborted();
  return found;
}

/**
 * Compares two sets of results, policy by policy.
 *
 * @param a results, or the name of a file that `--json` has written, with samples or without
 * @param b the same policies, run elsewhere
 * @throws InputError when a result has no counterpart, or the two met different requests and `unpaired` is not set
 */
export function compareResults(
  a: readonly Result[] | string,
  b: readonly Result[] | string,
  options: CompareArguments = {},
): Comparison {
  const sidesOf = (given: readonly Result[] | string, name: string) => {
    if (typeof given === 'string') return readSampled(given);
    if (Array.isArray(given) && given.every((result) => result?.schema === 'psp.result/1')) {
      return given.map((result: Result) => ({ result }));
    }
    throw new InputError(`${name}: expected a list of results, or the file of some`);
  };
  checkArguments(options, COMPARE_RULES, []);
  try {
    return compareSides(sidesOf(a, 'a'), sidesOf(b, 'b'), options);
  } catch (error) {
    throw inArguments(error);
  }
}

/**
 * Reads a workload from the text of its YAML file.
 *
 * @param yaml as in the files of psp's folder `workloads/`; it may not refer to other files
 * @param fileName what to call it in messages
 * @throws InputError with everything that is wrong, in the order of the text
 */
export function parseWorkloadText(yaml: string, fileName = 'workload.yaml'): Workload {
  if (typeof yaml !== 'string') throw new InputError(`yaml: expected a text, found ${typeof yaml}`);
  return parseWorkload(yaml, fileName);
}
