/** The values of a policy's parameters that are searched: `sept:quantum=1us..50us:patience=2..8`, `steering=a|b`. */

import type { TunedRange } from '../../results/tuning-schema.js';
import { describeValue, fieldOf, type ParameterSpec } from '../../scheduler/policy.js';
import { parsePolicy, type TypedPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { splitList } from '../../units/lists.js';

export type ParameterValue = number | string | boolean;

export type Range = { readonly spec: ParameterSpec } & (
  | { readonly from: number; readonly to: number; readonly scale: 'linear' | 'log' }
  | { readonly choices: readonly ParameterValue[] }
);

/** A policy with ranges for some of its parameters. */
export interface RangedPolicy {
  /** The policy with only what is fixed, as typed: the others have their defaults. */
  readonly base: TypedPolicy;
  readonly ranges: readonly Range[];
}

/** A range over this factor is searched on a log scale, as durations always are. */
const WIDE = 100;
const MOST_CHOICES = 32;
/** Points of a Halton sequence are even in as many dimensions as it has small bases. */
const BASES = [2, 3, 5, 7, 11, 13, 17, 19];

/**
 * Reads a policy with ranges: `FROM..TO` for numbers and durations, `A|B|C` for any parameter.
 *
 * @throws InputError that names the parameter, what was found and what was expected
 */
export function parseRanges(text: string): RangedPolicy {
  const parts = splitParts(text);
  const isRanged = (part: string) => /^[^=]+=.*(\.\.|\|)/.test(part);
  const fixed = parts.filter((part) => !isRanged(part)).join(':');
  const base = parsePolicy(fixed);
  const ranged = parts.filter(isRanged);
  if (ranged.length === 0) {
    throw new InputError(
      `${text}: expected a range such as ${exampleOf(base)}, found none: psp policies ${base.policy.name} lists the ` +
        'parameters',
    );
  }
  if (ranged.length > BASES.length) {
    throw new InputError(`expected at most ${BASES.length} ranges, found ${ranged.length}`);
  }
  // All first values together: a parameter that is given twice is refused as it is everywhere.
  parsePolicy([fixed, ...ranged.map((part) => part.replace(/(\.\.|\|).*/, ''))].join(':'));
  return { base, ranges: ranged.map((part) => parseRange(fixed, part)) };
}

function splitParts(text: string): string[] {
  try {
    return splitList(text, ':');
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

function exampleOf({ policy }: TypedPolicy): string {
  const spec = policy.parameters.find(({ kind }) => kind === 'duration' || kind === 'integer');
  if (!spec) return `${policy.parameters[0]?.key ?? 'quantum'}=1|2`;
  return spec.kind === 'duration' ? `${spec.key}=1us..50us` : `${spec.key}=1..16`;
}

function parseRange(fixed: string, part: string): Range {
  const [key, text] = [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)];
  const read = (value: string) => {
    const { policy, parameters } = parsePolicy(`${fixed}:${key}=${value}`);
    const spec = policy.parameters.find((each) => each.key === key)!;
    return { spec, value: parameters[fieldOf(spec)]! };
  };
  if (text.includes('|')) {
    const values = text.split('|').map(read);
    const choices = [...new Set(values.map(({ value }) => value))];
    if (choices.length > MOST_CHOICES) {
      throw new InputError(`${key}: expected at most ${MOST_CHOICES} choices, found ${choices.length}`);
    }
    return { spec: values[0]!.spec, choices };
  }
  const [from, to] = text.split('..').map(read);
  const { spec } = from!;
  const [low, high] = [from!.value, to!.value];
  const isNumber = typeof low === 'number' && typeof high === 'number' && Number.isFinite(high);
  if (!isNumber || text.split('..').length !== 2) {
    throw new InputError(`${key}: expected FROM..TO for numbers, or choices such as A|B, found '${text}'`);
  }
  if (!(low < high)) throw new InputError(`${key}: expected FROM..TO with FROM below TO, found '${text}'`);
  if (spec.kind === 'duration' && low === 0) {
    throw new InputError(
      `${key}: durations are searched on a log scale: expected a range from above 0, found '${text}'`,
    );
  }
  const isLog = spec.kind === 'duration' || (low > 0 && high / low >= WIDE);
  return { spec, from: low, to: high, scale: isLog ? 'log' : 'linear' };
}

/** The value of a range at a place from 0 (its beginning) to 1 (its end). */
export function valueAt(range: Range, place: number): ParameterValue {
  if ('choices' in range) {
    const { choices } = range;
    return choices[Math.min(choices.length - 1, Math.floor(place * choices.length))]!;
  }
  const { from, to, scale, spec } = range;
  const exact = scale === 'log' ? from * (to / from) ** place : from + place * (to - from);
  // More digits than these decide nothing, and nobody would type them.
  const shown = Number(exact.toPrecision(scale === 'log' ? 2 : 3));
  const value = spec.kind === 'number' ? shown : Math.round(spec.kind === 'duration' ? shown : exact);
  return Math.min(to, Math.max(from, value));
}

/** Where a value is in its range, 0 … 1: the inverse of {@link valueAt}. */
export function placeOf(range: Range, value: ParameterValue): number {
  if ('choices' in range) return (range.choices.indexOf(value) + 0.5) / range.choices.length;
  const { from, to, scale } = range;
  const x = Math.min(to, Math.max(from, Number(value)));
  return scale === 'log' ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from);
}

/** Is the value one of those that are searched? */
export function holds(range: Range, value: ParameterValue): boolean {
  if ('choices' in range) return range.choices.includes(value);
  return typeof value === 'number' && value >= range.from && value <= range.to;
}

/** How many values the range has; Infinity where they are not counted. */
function sizeOf(range: Range): number {
  if ('choices' in range) return range.choices.length;
  return range.spec.kind === 'integer' || range.spec.kind === 'limit' ? range.to - range.from + 1 : Infinity;
}

/** All combinations of values if there are at most so many; undefined otherwise. */
export function allValues(ranges: readonly Range[], most: number): ParameterValue[][] | undefined {
  if (ranges.reduce((count, range) => count * sizeOf(range), 1) > most) return undefined;
  return ranges.reduce<ParameterValue[][]>(
    (before, range) => before.flatMap((values) => valuesOf(range).map((value) => [...values, value])),
    [[]],
  );
}

function valuesOf(range: Range): readonly ParameterValue[] {
  if ('choices' in range) return range.choices;
  return Array.from({ length: sizeOf(range) }, (_, i) => range.from + i);
}

/**
 * The i-th point, from 0, of a Halton sequence in the unit cube: every beginning of it is spread evenly. J. H. Halton,
 * Numerische Mathematik 2 (1960).
 */
export function haltonPoint(i: number, dimensions: number): number[] {
  return BASES.slice(0, dimensions).map((base) => {
    let [place, weight, rest] = [0, 1 / base, i + 1];
    while (rest > 0) {
      place += (rest % base) * weight;
      rest = Math.floor(rest / base);
      weight /= base;
    }
    return place;
  });
}

/**
 * The i-th point near a place: within `reach` of it on either side, cut at the ends. A choice stays as it is in most
 * points.
 */
export function nearPoint(ranges: readonly Range[], values: readonly ParameterValue[], i: number, reach: number) {
  return haltonPoint(i, ranges.length).map((x, at) => {
    const place = placeOf(ranges[at]!, values[at]!);
    if ('choices' in ranges[at]!) return x < 1 - reach ? place : (x - 1 + reach) / reach;
    return Math.min(1, Math.max(0, place + reach * (2 * x - 1)));
  });
}

/** The values that show how much a parameter matters: its choices, or some from one end to the other. */
export function spreadValues(range: Range, count: number): ParameterValue[] {
  const steps = 'choices' in range ? range.choices.length : Math.min(count, sizeOf(range));
  const places = Array.from({ length: steps }, (_, i) => ('choices' in range ? (i + 0.5) / steps : i / (steps - 1)));
  return [...new Set(places.map((place) => valueAt(range, place)))];
}

/** Tuned values by key, as they are typed. */
export function typedValues(ranges: readonly Range[], values: readonly ParameterValue[]): Record<string, string> {
  return Object.fromEntries(ranges.map(({ spec }, i) => [spec.key, describeValue(spec, values[i]!)]));
}

/** The policy with these values, as it would be typed. */
export function withValues({ base, ranges }: RangedPolicy, values: readonly ParameterValue[]): string {
  return [base.text, ...ranges.map(({ spec }, i) => `${spec.key}=${describeValue(spec, values[i]!)}`)].join(':');
}

/** The values that the policy has without ranges. */
export function defaultValues({ base, ranges }: RangedPolicy): ParameterValue[] {
  return ranges.map(({ spec }) => base.parameters[fieldOf(spec)]!);
}

export function plainRange(range: Range): TunedRange {
  const { spec } = range;
  if ('choices' in range) return { key: spec.key, choices: range.choices.map((value) => describeValue(spec, value)) };
  const { from, to, scale } = range;
  return { key: spec.key, from: describeValue(spec, from), to: describeValue(spec, to), scale };
}
