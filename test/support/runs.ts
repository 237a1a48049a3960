/** The seed of all random tests, and how often they try: `PSP_SEED=7 PSP_RUNS=10 npm run test:unit`. */

import { relative } from 'node:path';
import { expect } from 'vitest';

const { PSP_SEED, PSP_TEST_SEED = '1', PSP_RUNS = '1' } = process.env;

/** PSP_SEED, or the seed that vitest.config.ts has drawn. */
export const SEED = wholeNumber('PSP_SEED', PSP_SEED ?? PSP_TEST_SEED);
const FACTOR = wholeNumber('PSP_RUNS', PSP_RUNS);

/** How many cases a property tries: its usual number times PSP_RUNS. */
export function runs(usual: number): number {
  return usual * FACTOR;
}

let drawn = false;

/**
 * The seed of a statistical test. It is fixed, so that no build fails by chance; only PSP_RUNS above 1 draws another
 * one, and then a bound may be missed by chance.
 */
export function seedOr(fixed: number | string): number | string {
  drawn = FACTOR > 1;
  return drawn ? `${SEED} ${fixed}` : fixed;
}

/** Does this file have tests whose outcome depends on the seed? */
export function drewSeeds(): boolean {
  return drawn;
}

/** The command that repeats a failure. */
export function repeatLine(): string {
  const file = expect.getState().testPath;
  const only = file === undefined ? '' : ` -- ${relative(process.cwd(), file)}`;
  const tiers = [
    ['docs', /\/docs\//],
    ['long', /\.long\./],
    ['machine', /\.machine\.|\/(cli|native|bench)\//],
  ] as const;
  const tier = tiers.find(([, path]) => path.test(only))?.[0] ?? 'unit';
  return `to repeat: PSP_SEED=${SEED} PSP_RUNS=${FACTOR} npm run test:${tier}${only}`;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 2 ** 31) throw new Error(`${name}: expected a whole number, found '${text}'`);
  return value;
}
