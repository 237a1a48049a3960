/** The cases that a policy is checked on: random small workloads, as texts, and simpler ones that show the same. */

import { CONSTANTS, NO_COSTS, type SystemCosts } from '../sim/costs.js';
import { InputError } from '../units/errors.js';
import { splitList } from '../units/lists.js';
import { unknownName } from '../units/nearest.js';
import { substream } from '../workload/random.js';
import type { TraceShape } from './small-trace.js';

/** One case. The same case is the same requests on any machine. */
export interface CheckCase extends TraceShape {
  /** Is the last type one that the classifier does not recognise? */
  readonly unknown: boolean;
  /** Do the types have deadlines? */
  readonly deadlines: boolean;
  /** Types of the workload of which no request comes; 0 with `unknown`. */
  readonly silent: number;
  /** Seed of the costs of a system; 0: without costs. */
  readonly costs: number;
}

const PLAINEST: CheckCase = {
  seed: 1,
  types: 1,
  workers: 1,
  load: 1,
  requests: 1,
  tickNs: 1,
  vary: false,
  unknown: false,
  deadlines: false,
  silent: 0,
  costs: 0,
};

/** The keys of a text, with the ranges of their values; `flag` has none. */
const KEYS: Readonly<Record<string, { readonly field: keyof CheckCase; readonly range?: readonly [number, number] }>> =
  {
    seed: { field: 'seed', range: [0, 2 ** 31] },
    types: { field: 'types', range: [1, 100] },
    workers: { field: 'workers', range: [1, 1024] },
    load: { field: 'load', range: [0.001, 100] },
    requests: { field: 'requests', range: [1, 100_000] },
    tick: { field: 'tickNs', range: [1, 1_000_000] },
    silent: { field: 'silent', range: [0, 100] },
    costs: { field: 'costs', range: [0, 2 ** 31] },
    vary: { field: 'vary' },
    unknown: { field: 'unknown' },
    deadlines: { field: 'deadlines' },
  };

/** A case as it is typed, without what is as usual: `seed=7:types=2:workers=4:load=0.9:requests=12:vary`. */
export function formatCase(given: CheckCase): string {
  const parts = Object.entries(KEYS).map(([key, { field, range }]) => {
    if (!range) return given[field] ? key : '';
    return key !== 'seed' && given[field] === PLAINEST[field] ? '' : `${key}=${given[field]}`;
  });
  return parts.filter((part) => part !== '').join(':');
}

/** @throws InputError that says what is wrong */
export function parseCase(text: string): CheckCase {
  const given: Record<string, number | boolean> = {};
  for (const part of splitList(text, ':')) {
    const [key = '', value] = part.split('=');
    const spec = Object.hasOwn(KEYS, key) ? KEYS[key]! : undefined;
    if (!spec) throw new InputError(unknownName('part of a case', key, Object.keys(KEYS)));
    const [least, most] = spec.range ?? [0, 0];
    const number = Number(value);
    const isWhole = key === 'load' || Number.isInteger(number);
    const fits = spec.range ? value !== undefined && isWhole && number >= least && number <= most : value === undefined;
    const expected = spec.range ? `a number from ${least} to ${most}` : 'no value';
    if (!fits) throw new InputError(`${key}: expected ${expected}, found '${value ?? ''}'`);
    given[spec.field] = spec.range ? number : true;
  }
  const read: CheckCase = { ...PLAINEST, ...given };
  if (read.unknown && read.silent > 0) throw new InputError('expected only one of unknown and silent, found both');
  return read;
}

/** A case in words: `12 requests of 2 types on 4 workers, load 0.9`. */
export function describeCase(given: CheckCase): string {
  const { requests, types, workers, load, tickNs, vary, unknown, deadlines, silent, costs } = given;
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  return [
    `${count(requests, 'request')} of ${count(types, 'type')} on ${count(workers, 'worker')}, load ${load}`,
    vary && 'service times that vary',
    tickNs > 1 && `times in steps of ${tickNs} ns`,
    unknown && 'the last type unknown to the classifier',
    deadlines && 'deadlines',
    silent > 0 && `${count(silent, 'more type')} without requests`,
    costs > 0 && 'the costs of a system',
  ]
    .filter((part) => part !== false)
    .join(', ');
}

/** Random cases: up to five types, up to 256 workers, loads from 0.1 to 1.3, many events at equal times. */
export function drawCase(seed: string | number, number: number): CheckCase {
  const random = substream(seed, 'case', number);
  const below = (n: number) => Math.floor(random() * n);
  const oneOf = <T>(...values: readonly T[]) => values[below(values.length)]!;
  const kind = random();
  const unknown = kind < 0.25;
  const shape = {
    seed: below(2 ** 31),
    types: 1 + below(5),
    workers: random() < 0.15 ? oneOf(33, 64, 256) : 1 + below(20),
    load: Math.round(100 + random() * 1200) / 1000,
    requests: 1 + below(500),
    tickNs: oneOf(1, 100, 1000),
    vary: random() < 0.5,
  };
  return {
    ...shape,
    unknown,
    silent: kind > 0.85 ? 1 + below(3) : 0,
    deadlines: random() < 0.3,
    costs: random() < 0.2 ? 1 + below(2 ** 30) : 0,
  };
}

/** The costs of a system: each constant nothing, small, or as long as a request. */
export function costsFrom(seed: number): SystemCosts {
  const random = substream(seed, 'case costs');
  const drawn = CONSTANTS.map(({ field }) => [field, [0, 0, 50, 100, 1000][Math.floor(random() * 5)]!]);
  return { ...NO_COSTS, ...Object.fromEntries(drawn), ...(random() < 0.5 && { dispatcherQueues: true as const }) };
}

/** Cases simpler than one, the simplest first. */
function* simpler(given: CheckCase): Generator<CheckCase> {
  const { requests, workers, types } = given;
  if (given.costs > 0) yield { ...given, costs: 0 };
  if (given.deadlines) yield { ...given, deadlines: false };
  if (given.silent > 0) yield { ...given, silent: 0 };
  if (given.unknown) yield { ...given, unknown: false };
  for (const n of smaller(requests)) yield { ...given, requests: n };
  for (const n of smaller(workers)) yield { ...given, workers: n };
  for (const n of smaller(types)) yield { ...given, types: n };
  if (given.vary) yield { ...given, vary: false };
  if (given.tickNs < 1000) yield { ...given, tickNs: 1000 };
  for (const load of [1, 0.5, 2]) if (given.load !== load && given.load % 0.5 !== 0) yield { ...given, load };
}

/** 1, 2, 4 … below a number, and the number before it. */
function smaller(n: number): number[] {
  const powers = Array.from({ length: Math.ceil(Math.log2(n)) }, (_, i) => 2 ** i);
  return [...new Set([...powers, n - (n >> 2), n - 1])].filter((each) => each >= 1 && each < n);
}

/** Cases that are tried to find a simpler one. */
const MOST_TRIES = 400;

/**
 * The simplest case found that still shows something.
 *
 * @param shows does a case show it?
 */
export async function shrinkCase(
  given: CheckCase,
  shows: (simpler: CheckCase) => Promise<boolean>,
): Promise<CheckCase> {
  let best = given;
  let tries = 0;
  for (let found = true; found && tries < MOST_TRIES; ) {
    found = false;
    for (const candidate of simpler(best)) {
      if (++tries > MOST_TRIES) break;
      if (!(await shows(candidate))) continue;
      best = candidate;
      found = true;
      break;
    }
  }
  return best;
}
