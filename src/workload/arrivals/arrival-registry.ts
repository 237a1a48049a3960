/** All arrival processes. To add one, write its file and add its line here. */

import { type Checker, misspelt, oneOf, show } from '../../input/checker.js';
import type { ArrivalKind, Arrivals } from './arrival-process.js';
import { constantGap } from './constant-gap.js';
import { mmpp2 } from './mmpp2.js';
import { poisson } from './poisson.js';
import { recorded } from './recorded.js';
import { renewal } from './renewal.js';

export const ARRIVALS: readonly ArrivalKind[] = [poisson, constantGap, renewal, mmpp2, recorded];

/**
 * Reads an arrival process as it stands in a workload file: its name, or a map of its name to its parameters. Reports
 * what is wrong to the checker and then returns undefined.
 */
export function readArrivals(value: unknown, checker: Checker): Arrivals | undefined {
  const names = ARRIVALS.map((kind) => kind.name);
  const keys = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  if (typeof value !== 'string' && keys.length !== 1) {
    return checker.refuse(`expected ${oneOf(names)}, found ${keys.length > 1 ? keys.join(' and ') : show(value)}`);
  }
  const name = typeof value === 'string' ? value : keys[0]!;
  const here = typeof value === 'string' ? checker : checker.at(name);
  const kind = ARRIVALS.find((candidate) => candidate.name === name);
  if (!kind) return here.refuse(`expected ${oneOf(names)}, found ${misspelt(name, names)}`, typeof value !== 'string');
  return kind.read(typeof value === 'string' ? undefined : ((value as Record<string, unknown>)[name] ?? null), here);
}
