/**
 * Reads a schedule of Perséphone's client as a workload: a list of phases, each with the types that occur in it
 * (artifact of "When Idling is Ideal", SOSP 2021; its files are called DISP2.yml, sched4.yml and so on).
 */

import { type Checker, show } from '../input/checker.js';
import { anything, list, number, optional, showSum, sumsToOne } from '../input/fields.js';
import { isName } from '../units/names.js';
import { byIndex } from '../units/unknown.js';
import type { Arrivals } from './arrivals/arrival-process.js';
import { readArrivals } from './arrivals/arrival-registry.js';
import { POISSON } from './arrivals/poisson.js';
import { readDistribution } from './distributions/distribution-registry.js';
import { playedMeanNs } from './played.js';
import type { Phase, Workload } from './workload.js';

/** One phase of the file, by the names of its types. */
interface Stretch {
  readonly seconds: number;
  readonly rateRps?: number;
  readonly arrivals: Arrivals;
  readonly types: ReadonlyMap<string, { readonly meanNs: number; readonly ratio: number }>;
}

const seconds = number('a number of seconds above 0', { above: 0, max: 1e6 });
const rate = number('a number of requests per second above 0', { above: 0, max: 1e12 });

/** The types are the union over the phases, in the order of their first appearance. */
export function readSchedule(
  items: readonly unknown[],
  checker: Checker,
  fileName: string,
): Omit<Workload, 'source'> | undefined {
  if (items.length === 0) return checker.refuse('expected phases, found an empty list');
  const maybe = items.map((item, i) => readStretch(item, checker.at(i)));
  const stretches = maybe.filter((stretch) => stretch !== undefined);
  if (stretches.length < items.length) return undefined;
  const names = [...new Set(stretches.flatMap(({ types }) => [...types.keys()]))];
  const ordered = byIndex(
    names.map((name) => ({ name })),
    ({ name }) => name,
  );
  const own = fileName.replace(/^.*[/\\]/, '').replace(/\.\w+$/, '');
  const name = isName(own) ? own : 'schedule';
  const phases = stretches.map((stretch, i) => phaseOf(stretch, ordered.types, stretches, checker.at(i)));
  if (phases.some((phase) => phase === undefined)) return undefined;
  return { name, title: name, description: 'a schedule of Perséphone’s client', ...ordered, phases: phases as Phase[] };
}

function readStretch(item: unknown, checker: Checker): Stretch | undefined {
  const fields = checker.map(
    {
      mean_ns: list('mean service times, ns'),
      ratios: list('shares'),
      rtype: list('names of types'),
      duration: seconds,
      rate: optional(rate),
      uniform: anything,
      // The form of the packets, which a configuration says here.
      ptype: anything,
    },
    item,
  );
  if (!fields) return undefined;
  const { mean_ns: means, ratios, rtype: names } = fields;
  for (const key of ['mean_ns', 'ratios'] as const) {
    const found = fields[key].length;
    if (found !== names.length) {
      return checker.at(key).refuse(`expected ${names.length} numbers, one for each rtype, found ${found}`);
    }
  }
  const types = new Map<string, { meanNs: number; ratio: number }>();
  for (const [i, name] of names.entries()) {
    const meanNs = Number(means[i]);
    const ratio = Number(ratios[i]);
    if (typeof name !== 'string' || !isName(name) || types.has(name)) {
      return checker.at('rtype', i).refuse(`expected a name that occurs once, found ${show(name)}`);
    }
    if (!(meanNs > 0 && meanNs < 1e15)) {
      return checker.at('mean_ns', i).refuse(`expected a number of ns above 0, found ${show(means[i])}`);
    }
    if (!(ratio >= 0 && ratio <= 1)) {
      return checker.at('ratios', i).refuse(`expected a number from 0 to 1, found ${show(ratios[i])}`);
    }
    types.set(name, { meanNs, ratio });
  }
  const sum = [...types.values()].reduce((all, { ratio }) => all + ratio, 0);
  if (!sumsToOne(sum, types.size)) {
    return checker.at('ratios').refuse(`expected numbers that sum to 1, found ${showSum(sum)}`);
  }
  const isUniform = [true, 1, 'true', 'True'].includes(fields.uniform as boolean);
  const arrivals = isUniform ? readArrivals('constant', checker.at('uniform')) : POISSON;
  if (!arrivals) return undefined;
  return { seconds: fields.duration, arrivals, types, ...(fields.rate !== undefined && { rateRps: fields.rate }) };
}

/** A type that does not occur in a phase has the service time that it has elsewhere, and the ratio 0. */
function phaseOf(
  { seconds, rateRps, arrivals, types }: Stretch,
  all: readonly { readonly name: string }[],
  stretches: readonly Stretch[],
  checker: Checker,
): Phase | undefined {
  const meanOf = (name: string) =>
    types.get(name)?.meanNs ?? stretches.find((other) => other.types.has(name))!.types.get(name)!.meanNs;
  const service = all.map(({ name }) => readDistribution(`${meanOf(name)}ns`, checker.at('mean_ns')));
  const ratio = all.map(({ name }) => types.get(name)?.ratio ?? 0);
  if (service.some((each) => each === undefined)) return undefined;
  const known = service as NonNullable<(typeof service)[number]>[];
  return {
    durationNs: Math.round(seconds * 1e9),
    ratio,
    service: known,
    arrivals,
    meanServiceNs: ratio.reduce((sum, share, type) => sum + share * playedMeanNs(known[type]!), 0),
    ...(rateRps !== undefined && { rateRps }),
  };
}
