import type { ReservationEntry, Result } from '../../results/result.js';
import { parsePolicy } from '../../scheduler/policy-registry.js';
import { formatDuration } from '../../units/duration.js';
import type { Axis, ChartPoint, Panel, Series } from '../charts/chart.js';
import { quantityAxis } from '../charts/charted-results.js';
import { formatGroups, reservationChanges } from '../text/reserved-workers.js';
import type { Claim } from './claims.js';
import { byPolicy, type Figure } from './paper-figure.js';

/**
 * The workload `changing` (seed systems, section 3): what is in each phase, and which of its types is the short one.
 */
const PHASES = [
  { types: { SHORT: { meanNs: 100e3, ratio: 0.5 }, LONG: { meanNs: 1e3, ratio: 0.5 } }, short: 'LONG' },
  { types: { SHORT: { meanNs: 1e3, ratio: 0.5 }, LONG: { meanNs: 100e3, ratio: 0.5 } }, short: 'SHORT' },
  { types: { SHORT: { meanNs: 1e3, ratio: 0.95 }, LONG: { meanNs: 100e3, ratio: 0.05 } }, short: 'SHORT' },
  { types: { SHORT: { meanNs: 3.5e3, ratio: 1 }, LONG: { meanNs: 0, ratio: 0 } }, short: undefined },
] as const;
const PHASE_NS = 5e9;
const CHANGES = [1, 2, 3].map((phase) => phase * PHASE_NS);
/** The paper: DARC adapts in less than a second. */
const WITHIN_NS = 1e9;

/** Figure 8: what DARC does when the workload changes. */
export const figure8: Figure = {
  name: '8',
  chart: (results) => ({
    title: 'Figure 8: changing workload, 14 workers, load 0.8',
    caption:
      'What DARC reserves, and the p99.9 sojourn of each 100 ms. At 5 s the types swap their service times, at ' +
      '10 s the long one becomes rare, at 15 s it is gone. Sojourns are measured at the client, with 10 us of ' +
      'network. The first of several runs. Bands are 95 % confidence intervals.',
    columns: 1,
    panels: [allocation(results), tail(results, 'SHORT'), tail(results, 'LONG')],
  }),
  claims: (results) => [adapts(results), recovers(results)],
};

/** When the runs end. */
function endOf(results: readonly Result[]): number {
  return results[0]?.slices?.at(-1)?.toNs ?? PHASES.length * PHASE_NS;
}

function timeAxis(results: readonly Result[]): Axis {
  return { label: 'time', scale: 'linear', unit: 'duration', range: [0, endOf(results)] };
}

const LINES = CHANGES.map((at, i) => ({ axis: 'x' as const, at, label: `phase ${i + 2}` }));

function allocation(results: readonly Result[]): Panel {
  const darc = runsOf(results, 'darc')[0];
  const names = darc?.types.map(({ name }) => name) ?? [];
  return {
    title: 'cores that DARC reserves',
    x: timeAxis(results),
    y: { label: 'cores', scale: 'linear', range: [0, 15] },
    series: names.map((name): Series => {
      const steps = (darc?.reservations ?? []).map(({ atNs, groups }) => ({
        x: atNs,
        y: groups.find(({ types }) => types.includes(name))?.workers.length ?? 0,
      }));
      const toEnd = steps.slice(-1).map(({ y }) => ({ x: endOf(results), y }));
      return { name, shape: 'step', points: [...steps, ...toEnd] };
    }),
    lines: LINES,
  };
}

function tail(results: readonly Result[], type: string): Panel {
  return {
    title: type,
    x: timeAxis(results),
    y: quantityAxis({ type, metric: 'sojournNs', statistic: 'p99_9' }, 'log'),
    // Only the first run: runs of other seeds would lie on top of it.
    series: ['darc', 'c-fcfs']
      .flatMap((policy) => runsOf(results, policy).slice(0, 1))
      .map((result) => ({
        ...byPolicy(result),
        shape: 'plain-line' as const,
        points: tailsOf(result, type),
      })),
    lines: LINES,
  };
}

/** The p99.9 sojourn of each slice that has requests of the type. */
function tailsOf({ slices = [] }: Result, type: string): ChartPoint[] {
  return slices.flatMap(({ fromNs, toNs, types }) => {
    const { p99_9, ci95, count } = types.find(({ name }) => name === type)!.sojournNs;
    const [low, high] = ci95.p99_9 ?? [null, null];
    return count > 0 ? [{ x: (fromNs + toNs) / 2, y: p99_9, low, high }] : [];
  });
}

function adapts(results: readonly Result[]): Claim {
  const claim = "after each change DARC has the new workload's reservation within a second, and keeps it";
  const runs = runsOf(results, 'darc');
  if (runs.length === 0) return { claim, found: 'missing', agrees: false };
  const phases = CHANGES.map((fromNs, i) => {
    const right = rightReservation(runs[0]!, PHASES[i + 1]!.types);
    const settled = runs.map((run) => settledOn(run, fromNs));
    const isRight = settled.every((entry) => entry && formatGroups(entry.groups) === right);
    const afterNs = settled.map((entry) => (entry ? entry.atNs - fromNs : Number.POSITIVE_INFINITY));
    const found = [...new Set(settled.map((entry) => (entry ? formatGroups(entry.groups) : 'what it was')))];
    return {
      found: isRight ? `${right} after ${showRange(afterNs)}` : `${found.join(' or ')}, where ${right} is right`,
      agrees: isRight && Math.max(...afterNs) <= WITHIN_NS,
    };
  });
  return {
    claim,
    found: `${phases.map(({ found }) => found).join('; ')} (${countRuns(runs)})`,
    agrees: phases.every(({ agrees }) => agrees),
  };
}

/** The last change of the reservation in the phase that begins then. */
function settledOn(run: Result, fromNs: number): ReservationEntry | undefined {
  return reservationChanges(run)
    .filter(({ atNs }) => atNs >= fromNs && atNs < fromNs + PHASE_NS)
    .at(-1);
}

/** What DARC reserves by its own arithmetic when it knows the means and the ratios. */
function rightReservation({ types: all, workers }: Result, profile: (typeof PHASES)[number]['types']): string {
  const types = all.map(({ name }) => name).filter((name) => Object.hasOwn(profile, name)) as (keyof typeof profile)[];
  const { policy, parameters } = parsePolicy('darc:oracle');
  const silent = () => undefined;
  const scheduler = policy.create(
    {
      workers,
      types: types.map((name) => ({ name })),
      world: { start: silent, preempt: silent, drop: silent, stole: silent, reserved: silent },
      now: new Float64Array(1),
      random: () => 0,
      trueProfile: {
        meanNs: types.map((name) => profile[name].meanNs),
        ratio: types.map((name) => profile[name].ratio),
      },
    },
    parameters,
  );
  const { groups } = scheduler.reservation!();
  return formatGroups(groups.map((group) => ({ ...group, types: group.types.map((type) => types[type]!) })));
}

function recovers(results: readonly Result[]): Claim {
  const phases = PHASES.flatMap(({ short }, phase) => {
    if (!short) return [];
    const settled = (result: Result) =>
      tailsOf(result, short)
        .filter(({ x }) => x > phase * PHASE_NS + WITHIN_NS && x < (phase + 1) * PHASE_NS)
        .map(({ y }) => y!);
    // Without slices the largest is -Infinity and the smallest Infinity.
    const worst = runsOf(results, 'darc').map((run) => Math.max(...settled(run)));
    const best = runsOf(results, 'c-fcfs').map((run) => Math.min(...settled(run)));
    return [{ worst, best }];
  });
  const isThere = phases.every(({ worst, best }) => [...worst, ...best].every(Number.isFinite) && worst.length > 0);
  return {
    claim: 'a second after each change short requests have recovered: their p99.9 stays below that with c-FCFS',
    found: isThere
      ? `${phases
          .map(({ worst, best }) => `at most ${showRange(worst)} with DARC, at least ${showRange(best)} without`)
          .join('; ')} (${countRuns(runsOf(results, 'darc'))})`
      : 'missing',
    agrees: isThere && phases.every(({ worst, best }) => Math.max(...worst) < Math.min(...best)),
  };
}

/** `14us`, or over several runs `13.8us to 14.1us`. */
function showRange(ns: readonly number[]): string {
  const ends = [Math.min(...ns), Math.max(...ns)].map(formatDuration);
  return [...new Set(ends)].join(' to ');
}

function countRuns(runs: readonly Result[]): string {
  return runs.length === 1 ? 'one run: no interval' : `range of ${runs.length} runs`;
}

/** One run per seed. */
function runsOf(results: readonly Result[], policy: string): Result[] {
  return results.filter((result) => result.policy === policy);
}
