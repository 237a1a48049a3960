/** A workload file from measured demands: types with shares and quantiles, and how the requests come. */

import { KnownValues, type Recorded } from '../../metrics/histogram.js';
import { exactDuration } from '../../units/duration.js';

export interface MeasuredType {
  readonly name: string;
  readonly requests: number;
  /** Its demands, ns. */
  readonly demands: Recorded;
}

/**
 * Probabilities of the quantiles that are kept: percents, and the tail as far as there are ten values beyond it. The
 * quantiles are linear in between, so the tail needs the most.
 */
function probabilities(count: number): number[] {
  const all = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  for (let beyond = 0.01; beyond * count >= 10; beyond /= 10) {
    for (const part of [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]) all.push(1 - beyond * part);
  }
  return [0, ...all.map((p) => Number(p.toPrecision(12))), 1];
}

/** A distribution as the YAML of a workload has it: `{ empirical: … }`, or a duration when all are equal. */
export function empiricalYaml(demands: Recorded, indent: string): string {
  const values = new KnownValues(demands);
  if (values.min === values.max) return exactDuration(values.min);
  const inner = probabilities(values.count).slice(1, -1);
  const quantiles = values.quantiles(inner).map(({ value }) => Math.round(value));
  const pairs: (readonly [number, number])[] = [
    [0, values.min],
    ...inner.map((p, i) => [p, quantiles[i]!] as const),
    [1, values.max],
  ];
  const kept = withoutRepeats(pairs);
  const lines = kept.map(([p, ns]) => `${indent}    - [${p}, ${exactDuration(ns)}]`);
  return `\n${indent}empirical:\n${indent}  quantiles:\n${lines.join('\n')}`;
}

/** In a stretch of equal values only the first and the last count. */
function withoutRepeats(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return pairs.filter(([, ns], i) => ns !== pairs[i - 1]?.[1] || ns !== pairs[i + 1]?.[1]);
}

/** Shares that sum to 1 as they are written. */
function sharesOf(types: readonly MeasuredType[]): number[] {
  const total = types.reduce((sum, { requests }) => sum + requests, 0);
  const shares = types.map(({ requests }) => Number((requests / total).toPrecision(9)));
  const largest = shares.indexOf(Math.max(...shares));
  const others = shares.reduce((sum, share, i) => (i === largest ? sum : sum + share), 0);
  shares[largest] = Number((1 - others).toPrecision(12));
  return shares;
}

/** @param arrivals as YAML: `poisson`; what has lines of its own begins with a newline */
export function workloadYaml(
  name: string,
  description: string,
  types: readonly MeasuredType[],
  arrivals: string,
  services: readonly string[] = types.map(({ demands }) => empiricalYaml(demands, '      ')),
): string {
  const shares = sharesOf(types);
  const blocks = types.map((type, i) => {
    const service = services[i]!;
    return [`  - name: ${quotedYaml(type.name)}`, `    ratio: ${shares[i]}`, `    service:${besideKey(service)}`].join(
      '\n',
    );
  });
  const head = [
    `name: ${quotedYaml(name)}`,
    `description: ${quotedYaml(description)}`,
    `arrivals:${besideKey(arrivals)}`,
    'types:',
  ];
  return `${[...head, ...blocks].join('\n')}\n`;
}

/** A value in the line of its key, or in lines of its own. */
function besideKey(value: string): string {
  return value.startsWith('\n') ? value : ` ${value}`;
}

/** JSON strings are YAML strings, so nothing in a name can be anything else. */
function quotedYaml(text: string): string {
  return JSON.stringify(text);
}
