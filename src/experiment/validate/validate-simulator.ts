/** Compares the simulator with queueing theory. */

import { mean, sampleStandardDeviation } from 'simple-statistics';
import { studentT } from '../../metrics/student.js';
import type { Result } from '../../results/result.js';
import type { ValidationCheck } from '../../results/validation.js';
import type { Policy } from '../../scheduler/policy.js';
import { parsePolicy } from '../../scheduler/policy-registry.js';
import type { World } from '../../scheduler/scheduler.js';
import type { SimulateOptions } from '../../sim/simulate.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import type { RunSpec } from '../plan/run-spec.js';
import { type RunHooks, runRaw } from '../run/run-simulation.js';
import type { CaseQuantity, ValidationCase } from './validation-cases.js';

export interface ValidationPlan {
  readonly replications: number;
  /** Factor on the number of requests of every case. */
  readonly scale: number;
  /** If half of an interval is wider than this share of the theory's value, it decides nothing. */
  readonly widest: number;
}

/** An error of 2 % in service times or rates moves waits by 5 % and more at these loads, and shows. */
export const FULL: ValidationPlan = { replications: 10, scale: 1, widest: 0.05 };
/** Takes a tenth of the time; finds only coarse errors. */
export const QUICK: ValidationPlan = { replications: 8, scale: 0.1, widest: 0.25 };

/** Chance that a correct simulator misses one of the checks or more, whatever the seed. */
const FALSE_ALARM = 0.01;
/** Requests of the run in which Little's law is checked; it holds exactly, whatever their number. */
const LITTLE_REQUESTS = 20_000;
const LITTLE_TOLERANCE = 1e-9;

/** Are all checks ok? Decides the exit code of `psp validate`. */
export function allAgree(checks: readonly ValidationCheck[]): boolean {
  return checks.every(({ verdict }) => verdict === 'ok');
}

/** Runs every spec with this many replications and returns their results by spec; fewer when it was stopped. */
export type Runner = (specs: readonly RunSpec[], replications: number) => Promise<readonly (readonly Result[])[]>;

/** The run of a case, in its first replication. */
export function specOf(each: ValidationCase, seed: string, scale = 1): RunSpec {
  return {
    workload: {
      kind: 'generated',
      workload: parseWorkload(`name: validation\n${each.workload}\n`, each.name),
      offer: { rateRps: each.rate * 1e9 },
    },
    policy: parsePolicy(each.policy),
    workers: each.workers,
    seed,
    replication: 0,
    warmup: 0.05,
    end: { requests: Math.round(each.requests * scale) },
  };
}

/**
 * Checks every quantity of every case, and Little's law in each.
 *
 * A quantity is right if the theory's value lies within the confidence interval of the replications (Student's t).
 * At 95 %, two of some forty checks would miss in a correct simulator. So the confidence is higher: all checks together
 * miss in one of a hundred seeds (Bonferroni). The runs are long enough to keep the intervals narrow.
 */
export async function validate(
  cases: readonly ValidationCase[],
  { replications, scale, widest }: ValidationPlan,
  seed: string,
  run: Runner,
  hooks: RunHooks = {},
): Promise<ValidationCheck[]> {
  const specs = cases.map((each) => specOf(each, seed, scale));
  const results = await run(specs, replications);
  const quantities = cases.reduce((sum, each) => sum + each.quantities.length, 0);
  const t = studentT(replications - 1, 1 - FALSE_ALARM / quantities);
  const checks = cases.flatMap((each, i) =>
    // Of an interrupted validation only whole cases count.
    results[i]!.length < replications
      ? []
      : each.quantities.map((quantity) => check(each, quantity, results[i]!, t, widest)),
  );
  return [...checks, await littlesLaw(cases, seed, hooks)];
}

function check(
  { name }: ValidationCase,
  { what, theory, slack = 0, unit, of }: CaseQuantity,
  results: readonly Result[],
  t: number,
  widest: number,
): ValidationCheck {
  const values = results.map(of);
  const simulated = mean(values);
  const halfWidth = (t * sampleStandardDeviation(values)) / Math.sqrt(values.length);
  const misses = !(Math.abs(simulated - theory) <= halfWidth + slack);
  const verdict = misses ? 'miss' : halfWidth > widest * theory ? 'imprecise' : 'ok';
  return { case: name, what, unit, theory, slack, simulated, halfWidth, verdict };
}

/**
 * Little's law: the mean number in the system is the rate times the mean sojourn. It holds exactly in a run that begins
 * and ends empty: the area under the number in the system, added up here from what the scheduler is told, equals the
 * sum of the recorded sojourns. Returns the case that is farthest from it.
 */
async function littlesLaw(cases: readonly ValidationCase[], seed: string, hooks: RunHooks): Promise<ValidationCheck> {
  let farthest = { name: '', ratio: 1 };
  for (const each of cases) {
    const area = new Area();
    const spec = { ...specOf(each, seed), warmup: 0, end: { requests: LITTLE_REQUESTS } };
    const { record } = await runRaw(spec, {
      ...hooks,
      adjust: (options) => watched(hooks.adjust?.(options) ?? options, area),
    });
    const sojourns = record.histograms.reduce((sum, { sojournNs }) => sum + sojournNs.sum, 0);
    const ratio = area.total / sojourns;
    if (!(Math.abs(ratio - 1) <= Math.abs(farthest.ratio - 1))) farthest = { name: each.name, ratio };
  }
  return {
    case: 'Little’s law, in every system above',
    what:
      farthest.name === ''
        ? 'mean number / (rate x mean sojourn)'
        : `mean number / (rate x mean sojourn), worst in ${farthest.name}`,
    unit: 'ratio',
    theory: 1,
    slack: 0,
    simulated: farthest.ratio,
    halfWidth: LITTLE_TOLERANCE,
    verdict: Math.abs(farthest.ratio - 1) <= LITTLE_TOLERANCE ? 'ok' : 'miss',
  };
}

/** The area under the number of requests in the system. */
class Area {
  total = 0;
  private inSystem = 0;
  private sinceNs = 0;

  changes(by: number, atNs: number): void {
    this.total += this.inSystem * (atNs - this.sinceNs);
    this.inSystem += by;
    this.sinceNs = atNs;
  }
}

/** Notes what the scheduler is told and returns, with the time. */
function watched(options: SimulateOptions, area: Area): SimulateOptions {
  const { policy, parameters } = options.policy;
  const create: Policy['create'] = (setup, given) => {
    const { now, world } = setup;
    const drop: World['drop'] = (request, reason) => {
      area.changes(-1, now[0]!);
      world.drop(request, reason);
    };
    const scheduler = policy.create({ ...setup, world: Object.assign(Object.create(world), { drop }) }, given);
    const arrive = scheduler.arrive.bind(scheduler);
    const complete = scheduler.complete.bind(scheduler);
    scheduler.arrive = (request, type, flow) => {
      area.changes(1, now[0]!);
      arrive(request, type, flow);
    };
    scheduler.complete = (worker) => {
      area.changes(-1, now[0]!);
      complete(worker);
    };
    return scheduler;
  };
  return { ...options, policy: { policy: { ...policy, create }, parameters } };
}
