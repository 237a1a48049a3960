import { failureOf } from '../../results/outcome-schema.js';
import type { Percentile, Result, TypeResult } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { formatDuration } from '../../units/duration.js';
import { formatEstimate, formatShare, formatSlowdown, isKnown } from './numbers.js';

/** Slowdowns within this factor of each other are called alike. */
const ALIKE = 1.15;
/** Larger shares of dropped or missing requests are mentioned. */
const DROPS_MATTER = 0.001;
/** Sojourns of unknown types this many times above those of all others are mentioned. */
const MUCH_LONGER = 2;
const THROUGHPUT_MATTERS = 0.01;

/**
 * Says what the numbers teach, in a sentence or two for a newcomer. Returns undefined when they teach nothing: too few
 * requests, or no outcome is ok.
 */
export function takeaway(results: readonly Result[]): string | undefined {
  const whole = results.filter((result) => !result.interrupted && !failureOf(result) && result.types.some(occurs));
  const percentile = (['p99_9', 'p99'] as const).find((each) => whole.every((result) => isKnownOfAll(result, each)));
  if (whole.length === 0 || percentile === undefined) return undefined;
  const lesson = new Lesson(percentile);
  const sentences = whole.length === 1 ? lesson.ofOne(whole[0]!) : lesson.ofSeveral(whole);
  return sentences + waitOfUnknown(whole, percentile);
}

/** Is the percentile known for every type that was measured? */
function isKnownOfAll({ types }: Result, percentile: Percentile): boolean {
  return types.every((type) => !occurs(type) || isKnown(type.slowdown, percentile));
}

function occurs(type: TypeResult): boolean {
  return type.slowdown.count > 0;
}

/** Sentences about one percentile of the slowdown, the highest that is known. */
class Lesson {
  private readonly name: string;

  constructor(private readonly percentile: 'p99_9' | 'p99') {
    this.name = percentile === 'p99' ? 'p99' : 'p99.9';
  }

  ofOne(result: Result): string {
    const types = result.types.filter(occurs);
    const worst = maximum(types, (type) => this.slowdown(type));
    const least = maximum(types, (type) => -this.slowdown(type));
    const share = this.percentile === 'p99' ? 'a hundred' : 'a thousand';
    if (this.slowdown(worst) === 1) return `Under ${policyLabel(result)} not even one request in ${share} waited.`;
    const spent =
      `Under ${policyLabel(result)} one ${worst.name} in ${share} spent at least ${this.show(worst)} times its ` +
      'service time in the system';
    return this.slowdown(worst) > ALIKE * this.slowdown(least)
      ? `${spent}, one ${least.name} in ${share} ${this.show(least)} times.`
      : `${spent}.`;
  }

  ofSeveral(results: readonly Result[]): string {
    const best = maximum(results, (result) => -this.worst(result));
    const usual = this.baseline(results, best);
    if (this.differ(best, usual)) return this.ofTwo(best, usual);
    // The best is like the usual one: compare it with the worst.
    const worst = maximum(results, (result) => this.worst(result));
    if (this.differ(best, worst)) return this.ofTwo(best, worst);
    const all = results.length === 2 ? 'Both policies' : `All ${results.length} policies`;
    return (
      `${all} are alike here: the ${this.name} slowdown of the worst-off type differs by less than ` +
      `${formatShare(ALIKE - 1)}.`
    );
  }

  private differ(best: Result, other: Result): boolean {
    return this.worst(other) >= ALIKE * this.worst(best);
  }

  private ofTwo(best: Result, other: Result): string {
    const changes = best.types.filter(occurs).map((after) => {
      const before = other.types.find(({ name }) => name === after.name)!;
      return { before, after, factor: this.slowdown(after) / this.slowdown(before) };
    });
    const gain = maximum(changes, (change) => -change.factor);
    const loss = maximum(changes, (change) => change.factor);
    const fell =
      `${gain.after.name}'s ${this.name} slowdown is ${this.show(gain.after)} instead of ` +
      `${this.show(gain.before)} under ${policyLabel(other)}`;
    const rose =
      loss !== gain && loss.factor > 1.005
        ? `, while ${loss.after.name}'s is ${this.show(loss.after)} instead of ${this.show(loss.before)}`
        : '';
    return `${how(best)}: ${fell}${rose}.${lostThroughput(best, other)}${drops(best, other)}`;
  }

  /** What the best is compared with: c-FCFS, which everyone knows, or else the best of the others. */
  private baseline(results: readonly Result[], best: Result): Result {
    const others = results.filter((result) => result !== best);
    return others.find((result) => result.policy === 'c-fcfs') ?? maximum(others, (result) => -this.worst(result));
  }

  /** The slowdown of the worst-off type: a policy that keeps *every* type fast makes it small. */
  private worst({ types }: Result): number {
    return Math.max(...types.filter(occurs).map((type) => this.slowdown(type)));
  }

  private slowdown(type: TypeResult): number {
    return type.slowdown[this.percentile] ?? 0;
  }

  private show(type: TypeResult): string {
    return formatEstimate(type.slowdown, this.percentile, formatSlowdown).join(' ').trim();
  }
}

/** Says how the policy did it, as far as the result shows. */
function how(best: Result): string {
  const name = policyLabel(best);
  const first = best.reservations.at(-1)?.groups[0];
  if (first && first.workers.length > 0 && first.workers.length < best.workers) {
    const kept = first.workers.length;
    const filled = workersFilled(best, first.types);
    const types = first.types.join(' and ');
    const fill = first.types.length === 1 ? 'fills' : 'fill';
    const idle = filled < kept ? `, though ${types} ${fill} only ${filled} of ${kept === 1 ? 'it' : 'them'}` : '';
    return `${name} kept ${kept} of ${best.workers} workers for ${types}${idle}`;
  }
  if (best.preemptions > 0) {
    return (
      `${name} took long requests off their workers (${formatShare(best.overhead)} of the workers' time went ` +
      'into that)'
    );
  }
  return `${name} does best for the worst-off type`;
}

/** Policies that reserve workers leave one to unknown types. Says so when those wait much longer than all others. */
function waitOfUnknown(results: readonly Result[], percentile: 'p99_9' | 'p99'): string {
  const waits = results.flatMap((result) => {
    const known = new Set(result.reservations.at(-1)?.groups.flatMap(({ types }) => types));
    const types = result.types.filter(occurs);
    const sojournNs = (of: readonly TypeResult[]) => Math.max(0, ...of.map((type) => type.sojournNs[percentile] ?? 0));
    const unknown = types.filter(({ name }) => !known.has(name));
    const others = types.filter(({ name }) => known.has(name));
    const waitNs = sojournNs(unknown);
    const names = unknown.map(({ name }) => name).join(' and ');
    return known.size > 0 && waitNs > MUCH_LONGER * sojournNs(others)
      ? [{ label: policyLabel(result), names, waitNs }]
      : [];
  });
  if (waits.length === 0) return '';
  const longest = formatDuration(Math.max(...waits.map(({ waitNs }) => waitNs)));
  const labels = waits.map(({ label }) => label).join(', ');
  return (
    ` Under ${labels} a single worker serves ${waits[0]!.names}, and only when nothing else waits for that worker: ` +
    `the ${percentile.replace('_', '.')} sojourn of ${waits[0]!.names} is ` +
    `${waits.length > 1 ? 'up to ' : ''}${longest}.`
  );
}

/** Returns how many workers the requests of these types keep busy: 0.11. */
function workersFilled({ types, durationNs }: Result, names: readonly string[]): number {
  const workNs = types
    .filter(({ name }) => names.includes(name))
    .reduce((sum, { completed, serviceNs }) => sum + completed * (serviceNs.mean ?? 0), 0);
  return Number((workNs / durationNs).toPrecision(2));
}

function lostThroughput(best: Result, other: Result): string {
  const lost = 1 - best.achievedRps / other.achievedRps;
  return lost > THROUGHPUT_MATTERS ? ` It served ${formatShare(lost)} fewer requests per second.` : '';
}

function drops(best: Result, other: Result): string {
  const dropped = best.dropped / best.requests;
  return dropped > DROPS_MATTER && dropped > other.dropped / other.requests
    ? ` But it dropped ${formatShare(dropped)} of the requests.`
    : '';
}

function maximum<T>(items: readonly T[], of: (item: T) => number): T {
  return items.reduce((most, item) => (of(item) > of(most) ? item : most));
}
