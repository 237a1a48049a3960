/** Distributions as curves that a file can hold: the share of requests that took at least so long. */

import type { Tail, Tails } from '../results/point.js';
import { KnownValues, type Recorded } from './histogram.js';
import type { TypeHistograms } from './recorder.js';

/** Points per factor of ten of the share: more could not be seen. */
const PER_DECADE = 12;

/** @param histograms per type, in the order of the names */
export function tailsOf(typeNames: readonly string[], histograms: readonly TypeHistograms[]): Tails {
  return {
    types: typeNames.map((name, type) => ({
      name,
      slowdown: tailOf([histograms[type]!.slowdown]),
      sojournNs: tailOf([histograms[type]!.sojournNs]),
    })),
    overall: {
      slowdown: tailOf(histograms.map(({ slowdown }) => slowdown)),
      sojournNs: tailOf(histograms.map(({ sojournNs }) => sojournNs)),
    },
  };
}

/** The curve of several histograms together. */
function tailOf(histograms: readonly Recorded[]): Tail {
  const groups = histograms.flatMap((each) => new KnownValues(each).groups).sort((a, b) => a.low - b.low);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const tail: [number, number][] = [];
  let below = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const [i, group] of groups.entries()) {
    const share = (count - below) / count;
    below += group.count;
    const step = Math.ceil(-Math.log10(share) * PER_DECADE);
    if (step === last && i < groups.length - 1) continue;
    last = step;
    tail.push([(group.low + group.high) / 2, share]);
  }
  return tail;
}
