/** What psp advise found: schema `psp.advice/1`, documented in docs/your-data.md. */

import type { Capacity, CapacityEntry } from './capacity-schema.js';

/** A policy, judged. */
export interface AdviceEntry {
  readonly policy: string;
  /** The fewest workers at the present rate. */
  readonly today: CapacityEntry;
  /** With growth. */
  readonly grown?: CapacityEntry;
  /** The highest load at the present number of workers. */
  readonly headroom?: CapacityEntry;
  /** The fewest workers at the present rate, where a share of the requests cannot be classified. */
  readonly unclassified: readonly { readonly share: number; readonly entry: CapacityEntry }[];
}

export interface Advice extends Pick<Capacity, 'workload' | 'title' | 'slos' | 'seed' | 'manifest'> {
  readonly schema: 'psp.advice/1';
  readonly rateRps: number;
  /** Growth of the rate, as a share; 0 for none. */
  readonly growth: number;
  /** The present number of workers, if it was given. */
  readonly workers?: number;
  readonly entries: readonly AdviceEntry[];
}
