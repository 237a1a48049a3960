import type { Result } from '../../metrics/result.js';
import { formatDuration } from '../../units/duration.js';
import type { Panel, Point, Series } from '../charts/chart.js';
import { quantityAxis } from '../charts/results.js';
import { formatGroups, reservationChanges } from '../reservation.js';
import type { Claim } from './claims.js';
import { byPolicy, type Figure } from './figure.js';

/** The workload `changing` (seed systems, section 3): when each phase begins, and which of its types is the short one. In the last there is one type. */
const PHASE_NS = 5e9;
const SHORT_TYPES = ['LONG', 'SHORT', 'SHORT'] as const;
/**
 * What DARC is to reserve after each change, by its own arithmetic: of 14 cores SHORT asks for 14 x 1 / 101 = 0.14 (at least 1), then 14 x 0.95 / 5.95 = 2.2
 * (rounded down), then for all.
 */
const RIGHT = ['SHORT 1 | LONG 13', 'SHORT 2 | LONG 12', 'SHORT 14 | LONG 0'] as const;
const CHANGES = [1, 2, 3].map((phase) => phase * PHASE_NS);
const END_NS = 4 * PHASE_NS;
/** The paper: DARC adapts in less than a second. */
const WITHIN_NS = 1e9;

/** Figure 8: what DARC does when the workload changes. */
export const figure8: Figure = {
  name: '8',
  chart: (results) => ({
    title: 'Figure 8: changing workload, 14 workers, load 0.8',
    caption:
      'What DARC reserves, and the p99.9 latency of each 100 ms. At 5 s the types swap their service times, at 10 s the long one becomes rare, at 15 s it is gone. Latency is as the client sees it, 10 us of network included. Bands are 95 % confidence intervals.',
    columns: 1,
    panels: [allocation(results), tail(results, 'SHORT'), tail(results, 'LONG')],
  }),
  claims: (results) => [adapts(results), recovers(results)],
};

const TIME = { label: 'time', scale: 'linear', unit: 'duration', range: [0, END_NS] } as const;
const LINES = CHANGES.map((at, i) => ({ axis: 'x' as const, at, label: `phase ${i + 2}` }));

function allocation(results: readonly Result[]): Panel {
  const darc = find(results, 'darc');
  const names = darc?.types.map(({ name }) => name) ?? [];
  return {
    title: 'cores that DARC reserves',
    x: TIME,
    y: { label: 'cores', scale: 'linear', range: [0, 15] },
    series: names.map((name): Series => {
      const steps = (darc?.reservations ?? []).map(({ atNs, groups }) => ({
        x: atNs,
        y: groups.find(({ types }) => types.includes(name))?.workers.length ?? 0,
      }));
      return { name, shape: 'step', points: [...steps, ...steps.slice(-1).map(({ y }) => ({ x: END_NS, y }))] };
    }),
    lines: LINES,
  };
}

function tail(results: readonly Result[], type: string): Panel {
  return {
    title: type,
    x: TIME,
    y: quantityAxis({ type, measure: 'sojournNs', statistic: 'p99_9' }, 'log'),
    series: drawn(results).map((result) => ({
      ...byPolicy(result),
      shape: 'plain-line' as const,
      points: tailsOf(result, type),
    })),
    lines: LINES,
  };
}

/** The p99.9 latency of each slice that has some of the type. */
function tailsOf({ slices = [] }: Result, type: string): Point[] {
  return slices.flatMap(({ fromNs, toNs, types }) => {
    const { p99_9, ci95, count } = types.find(({ name }) => name === type)!.sojournNs;
    const [low, high] = ci95.p99_9 ?? [null, null];
    return count > 0 ? [{ x: (fromNs + toNs) / 2, y: p99_9, low, high }] : [];
  });
}

function adapts(results: readonly Result[]): Claim {
  const runs = all(results, 'darc').map(reservationChanges);
  const phases = CHANGES.map((fromNs, phase) => {
    const last = runs.map((changes) => changes.filter(({ atNs }) => atNs >= fromNs && atNs < fromNs + PHASE_NS).at(-1));
    const right = last.filter((change) => change && formatGroups(change.groups) === RIGHT[phase]);
    const afterNs = right.map((change) => change!.atNs - fromNs);
    return { right: right.length, first: Math.min(...afterNs), last: Math.max(...afterNs) };
  });
  const span = (first: number, last: number) =>
    first === last ? formatDuration(last) : `${formatDuration(first)} to ${formatDuration(last)}`;
  return {
    claim: `after each change DARC has its new reservation within a second: ${RIGHT.join('; ')}`,
    found: phases
      .map(({ right, first, last }) =>
        right === 0 ? 'in no run' : `after ${span(first, last)} in ${right} of ${runs.length} runs`,
      )
      .join('; '),
    agrees: runs.length > 0 && phases.every(({ right, last }) => right === runs.length && last <= WITHIN_NS),
  };
}

function recovers(results: readonly Result[]): Claim {
  const phases = SHORT_TYPES.map((type, phase) => {
    const settled = (policy: string) =>
      all(results, policy)
        .flatMap((result) => tailsOf(result, type))
        .filter(({ x }) => x > phase * PHASE_NS + WITHIN_NS && x < (phase + 1) * PHASE_NS)
        .map(({ y }) => y!);
    return { darc: Math.max(...settled('darc')), other: Math.min(...settled('c-fcfs')) };
  });
  return {
    claim: 'a second after each change short requests have recovered: their p99.9 is below that with c-FCFS ever after',
    found: phases
      .map(({ darc, other }) => `at most ${formatDuration(darc)} with DARC, at least ${formatDuration(other)} without`)
      .join('; '),
    // Of no slices the largest is -Infinity, the smallest Infinity.
    agrees: phases.every(({ darc, other }) => darc > 0 && darc < other && Number.isFinite(other)),
  };
}

/** All runs of a policy, each with a seed of its own. */
function all(results: readonly Result[], policy: string): Result[] {
  return results.filter((result) => result.policy === policy);
}

/** One run of a policy, for the picture. */
function find(results: readonly Result[], policy: string): Result | undefined {
  return all(results, policy)[0];
}

/** The first run of each policy. */
function drawn(results: readonly Result[]): Result[] {
  return ['darc', 'c-fcfs'].flatMap((policy) => find(results, policy) ?? []);
}
