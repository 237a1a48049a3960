import type { scanTraceFile } from '../../files/trace-file.js';
import { InputError } from '../../units/errors.js';
import { type TraceSummary, traceRateScale } from '../../workload/trace.js';
import { cycleNs, type Offer } from '../../workload/workload.js';
import { findWorkload, readWorkload } from './files.js';
import { DEFAULTS, type Settings } from './run-settings.js';
import type { RunSpec } from './run-spec.js';

/** The workload of a run and where it ends. */
export interface RunInput {
  readonly workload: RunSpec['workload'];
  readonly end: RunSpec['end'];
  readonly name: string;
}

/**
 * Reads the workload or scans the trace, and applies the defaults of load and length.
 *
 * @throws InputError
 */
export async function readRunInput(settings: Settings, workers: number, scan: typeof scanTraceFile): Promise<RunInput> {
  const file = findWorkload(settings.workload);
  const { rateScale, requests, durationNs } = settings;
  const asked = requests !== undefined ? { requests } : durationNs !== undefined ? { durationNs } : undefined;
  if (file.kind === 'trace') {
    const trace = await scan(file.path, file.fileName);
    return {
      workload: {
        kind: 'trace',
        ...trace,
        rateScale: rateScaleOf(trace.summary, settings, workers),
      },
      end: asked ?? { requests: trace.summary.requests },
      name: file.fileName,
    };
  }
  if (rateScale !== undefined) {
    throw new InputError(`rate-scale is for traces (.csv, .csv.gz): ${file.fileName} takes load or rate`);
  }
  const workload = readWorkload(file);
  const oneCycleNs = cycleNs(workload);
  return {
    workload: {
      kind: 'generated',
      workload,
      offer: offerOf(settings, workers) ?? { load: DEFAULTS.load, workers },
    },
    end:
      asked ?? (oneCycleNs < Number.POSITIVE_INFINITY ? { durationNs: oneCycleNs } : { requests: DEFAULTS.requests }),
    name: workload.name,
  };
}

function offerOf({ load, rateRps }: Pick<Settings, 'load' | 'rateRps'>, workers: number): Offer | undefined {
  if (rateRps !== undefined) return { rateRps };
  return load !== undefined ? { load, workers } : undefined;
}

/**
 * The factor by which a trace is played faster; 1 when nothing is asked for.
 *
 * @throws InputError when it has no rate that could be changed
 */
export function rateScaleOf(
  summary: TraceSummary,
  settings: Pick<Settings, 'load' | 'rateRps' | 'rateScale'>,
  workers: number,
): number {
  const offer = offerOf(settings, workers);
  return offer ? rangeAsInput(() => traceRateScale(summary, offer)) : (settings.rateScale ?? 1);
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
