/**
 * The schemas psp.point/1 and psp.failure/1: a point of a sweep that ran, and one that could not. docs/sweeps.md
 * describes them.
 */

import type { Result } from './result.js';

/** A finished point, as it is kept in a file: schema `psp.point/1`, documented in docs/sweeps.md. */
export interface Point {
  readonly schema: 'psp.point/1';
  readonly key: string;
  readonly command: string;
  /** All replications together. */
  readonly result: Result;
  /** Its distributions, for curves; absent in points of older versions. */
  readonly tails?: Tails;
}

/** A distribution: values, ascending, and the share of requests that had at least that value. */
export type Tail = readonly (readonly [value: number, share: number])[];

interface TailPair {
  readonly slowdown: Tail;
  readonly sojournNs: Tail;
}

export interface Tails {
  readonly types: readonly (TailPair & { readonly name: string })[];
  readonly overall: TailPair;
}

/**
 * What is kept of a point that could not be run: schema `psp.failure/1`, documented in docs/sweeps.md. It is tried
 * again by the next sweep.
 */
export interface FailedPoint {
  readonly schema: 'psp.failure/1';
  readonly key: string;
  readonly command: string;
  /** System and policy as they were typed. */
  readonly label: string;
  readonly workers: number;
  readonly seed: string;
  readonly version: string;
  readonly error: string;
}
