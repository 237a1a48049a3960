import type { Result, TypeResult } from '../metrics/result.js';
import { formatShare, formatSlowdown, isCertain } from './numbers.js';
import { policyTitle } from './policy-label.js';

/** Slowdowns nearer to each other than this are called equal. */
const ALIKE = 1.15;
/** A larger share of dropped requests is worth a word. */
const DROPS_MATTER = 0.001;

/**
 * What the numbers teach, in a sentence or two for a newcomer; undefined when they teach nothing (too few requests, an overload, where everything
 * depends on how long it runs).
 */
export function takeaway(results: readonly Result[]): string | undefined {
  const known = results.filter((result) => !result.interrupted && result.load < 1 && isKnown(result));
  if (known.length === 0) return undefined;
  if (known.length === 1) return lessonOfOne(known[0]!);
  const best = minimum(known, worstSlowdown);
  const plain = baseline(known, best);
  if (worstSlowdown(plain) < ALIKE * worstSlowdown(best)) {
    return `All ${known.length} policies are within ${formatShare(ALIKE - 1)} of each other here, by the p99.9 slowdown of the worst-off type.`.replace(
      /^All 2 policies/,
      'Both policies',
    );
  }
  return lessonOfTwo(best, plain);
}

/** Is the p99.9 slowdown of every type that occurs known? */
function isKnown({ types }: Result): boolean {
  return types.some(occurs) && types.every((type) => !occurs(type) || isCertain(type.slowdown, 'p99_9'));
}

function occurs(type: TypeResult): boolean {
  return type.slowdown.count > 0;
}

/** The p99.9 slowdown of the type that suffers most: what a policy that keeps *every* type fast makes small. */
function worstSlowdown({ types }: Result): number {
  return Math.max(...types.filter(occurs).map(p99_9));
}

function p99_9({ slowdown }: TypeResult): number {
  return slowdown.p99_9 ?? 0;
}

/** What the best is held against: c-FCFS, which everyone knows, or else the best of the others. */
function baseline(results: readonly Result[], best: Result): Result {
  const others = results.filter((result) => result !== best);
  return others.find((result) => result.policy === 'c-fcfs') ?? minimum(others, worstSlowdown);
}

function lessonOfTwo(best: Result, plain: Result): string {
  const changes = best.types.filter(occurs).map((type) => {
    const before = p99_9(plain.types.find(({ name }) => name === type.name)!);
    return { name: type.name, before, after: p99_9(type), factor: p99_9(type) / before };
  });
  const gain = minimum(changes, (change) => change.factor);
  const loss = minimum(changes, (change) => -change.factor);
  const fell = `${gain.name}'s p99.9 slowdown is ${formatSlowdown(gain.after)} instead of ${formatSlowdown(gain.before)}`;
  const rose =
    loss !== gain && loss.factor > 1.005
      ? `, while ${loss.name}'s is ${formatSlowdown(loss.after)} instead of ${formatSlowdown(loss.before)}`
      : '';
  return `${how(best)}: ${fell} under ${policyTitle(plain)}${rose}.${cost(best, plain)}${drops(best, plain)}`;
}

/** How the policy did it, as far as the result tells. */
function how(best: Result): string {
  const title = policyTitle(best);
  const first = best.reservations.at(-1)?.groups[0];
  if (first && first.workers.length > 0 && first.workers.length < best.workers) {
    const kept = first.workers.length;
    const filled = workersFilled(best, first.types);
    const types = first.types.join(' and ');
    const idle =
      filled < kept
        ? `, though ${types} ${first.types.length > 1 ? 'fill' : 'fills'} only ${filled} of ${kept === 1 ? 'it' : 'them'}`
        : '';
    return `${title} kept ${kept} of ${best.workers} workers for ${types}${idle}`;
  }
  if (best.preemptions > 0) {
    return `${title} took long requests off their workers (${formatShare(best.overhead)} of the workers' time went into that)`;
  }
  return `${title} does best for the worst-off type`;
}

/** How many workers the requests of these types keep busy: 0.11. */
function workersFilled({ types, durationNs }: Result, names: readonly string[]): number {
  const workNs = types
    .filter(({ name }) => names.includes(name))
    .reduce((sum, { completed, serviceNs }) => sum + completed * (serviceNs.mean ?? 0), 0);
  return Number((workNs / durationNs).toPrecision(2));
}

function cost(best: Result, plain: Result): string {
  const lost = 1 - best.achievedRps / plain.achievedRps;
  return lost > 0.01 ? ` It served ${formatShare(lost)} fewer requests per second.` : '';
}

function drops(best: Result, plain: Result): string {
  const dropped = best.dropped / best.requests;
  return dropped > DROPS_MATTER && dropped > plain.dropped / plain.requests
    ? ` But it dropped ${formatShare(dropped)} of the requests.`
    : '';
}

function lessonOfOne(result: Result): string | undefined {
  const types = result.types.filter(occurs);
  const worst = minimum(types, (type) => -p99_9(type));
  const least = minimum(types, p99_9);
  const inSystem = (type: TypeResult) => `${formatSlowdown(p99_9(type))} times its own service time`;
  const one = `Under ${policyTitle(result)} one ${worst.name} in a thousand spent at least ${inSystem(worst)} in the system`;
  return p99_9(worst) > ALIKE * p99_9(least)
    ? `${one}; of ${least.name}, ${formatSlowdown(p99_9(least))} times.`
    : `${one}.`;
}

function minimum<T>(items: readonly T[], of: (item: T) => number): T {
  return items.reduce((least, item) => (of(item) < of(least) ? item : least));
}
