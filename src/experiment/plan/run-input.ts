/** What a run plays, from what was asked for. Nothing here needs Node. */

import { InputError } from '../../units/errors.js';
import { cycleNs, type Offer, type Workload } from '../../workload/workload.js';
import { DEFAULTS, type Settings } from './run-settings.js';
import type { RunSpec } from './run-spec.js';

/** The workload of a run and where it ends. */
export interface RunInput {
  readonly workload: RunSpec['workload'];
  readonly end: RunSpec['end'];
  readonly name: string;
}

type EndSettings = Pick<Settings, 'requests' | 'durationNs'>;
type OfferSettings = Pick<Settings, 'load' | 'rateRps'>;

/** Applies the defaults of load and length to a workload file. */
export function generatedInput(workload: Workload, settings: EndSettings & OfferSettings, workers: number): RunInput {
  const oneCycleNs = cycleNs(workload);
  return {
    workload: {
      kind: 'generated',
      workload,
      offer: offerOf(settings, workers) ?? { load: DEFAULTS.load, workers },
    },
    end:
      endOf(settings) ??
      (oneCycleNs < Number.POSITIVE_INFINITY ? { durationNs: oneCycleNs } : { requests: DEFAULTS.requests }),
    name: workload.name,
  };
}

/** The end that was asked for. */
export function endOf({ requests, durationNs }: EndSettings): RunSpec['end'] | undefined {
  if (requests !== undefined) return { requests };
  return durationNs !== undefined ? { durationNs } : undefined;
}

/** The load or the rate that was asked for. */
export function offerOf({ load, rateRps }: OfferSettings, workers: number): Offer | undefined {
  if (rateRps !== undefined) return { rateRps };
  return load !== undefined ? { load, workers } : undefined;
}

/**
 * Can the end of the warm-up be found? In a trace or with phases a change of the workload looks like a system that has
 * not settled, and an overloaded system never settles.
 */
export function canSettle(workload: RunSpec['workload'], load: number): boolean {
  return load < 1 && workload.kind === 'generated' && workload.workload.phases.length === 1;
}

/** Turns a RangeError into an InputError: what is out of range here was written by the user. */
export function rangeAsInput<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(error.message);
    throw error;
  }
}
