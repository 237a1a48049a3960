/** Reads what a run on a machine plays: a workload file or a trace. */

import { scanTraceFile, type TraceFile } from '../../files/trace-file.js';
import type { ScaledTraceFile } from '../../hw/client/planned-trace.js';
import { type TypedPolicy, usesFlows } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import { type TraceSummary, traceNotes } from '../../workload/trace.js';
import { type Offer, type Workload, workloadNotes } from '../../workload/workload.js';
import { missingFlows } from '../plan/check-run.js';
import { findWorkload, readWorkload } from '../plan/files.js';
import { rateScaleOf } from '../plan/read-workload.js';
import { DEFAULTS, type Settings } from '../plan/run-settings.js';

export interface HardwareInput {
  /** For a trace: its types with their shares and means, which must be known before it is played. */
  readonly workload: Workload;
  readonly trace?: TraceFile;
}

/** What a reader of the results should know about how the requests are played. */
export function hardwareNotes({ workload, trace }: HardwareInput): string[] {
  return [...workloadNotes(workload), ...(trace ? traceNotes(trace.summary) : [])];
}

/** @throws InputError */
export async function readHardwareInput({
  workload,
  rateScale,
}: Pick<Settings, 'workload' | 'rateScale'>): Promise<HardwareInput> {
  const file = findWorkload(workload);
  if (file.kind === 'trace') {
    const trace = await scanTraceFile(file.path, file.fileName);
    if (trace.summary.rateRps === null)
      throw new InputError(`${file.fileName}: has no rate: all requests arrive at once`);
    return { workload: workloadOfTrace(trace.summary), trace };
  }
  if (rateScale !== undefined) {
    throw new InputError(`rate-scale is for traces (.csv, .csv.gz): ${file.fileName} takes load or rate`);
  }
  return { workload: readWorkload(file) };
}

/** A workload with the means and shares of a trace. */
export function workloadOfTrace({ fileName, types }: TraceSummary): Workload {
  const name = fileName.replace(/^.*[/\\]/, '');
  const described = {
    name: name.replace(/\.csv(\.gz)?$/i, '').trim() || 'trace',
    title: `Trace ${name}`,
    types: types.map((type) => ({
      name: type.name,
      ratio: type.ratio,
      service: `${Math.round(type.meanServiceNs)}ns`,
    })),
    arrivals: 'poisson',
  };
  // JSON is also YAML.
  return parseWorkload(JSON.stringify(described), fileName);
}

/**
 * The offer of a run, and for a trace the file to play.
 *
 * @throws InputError
 */
export function hardwareOffer(
  { trace }: HardwareInput,
  settings: Pick<Settings, 'load' | 'rateRps' | 'rateScale'>,
  workers: number,
): { readonly offer: Offer; readonly trace?: ScaledTraceFile } {
  if (trace) {
    const rateScale = rateScaleOf(trace.summary, settings, workers);
    return { offer: { rateRps: trace.summary.rateRps! * rateScale }, trace: { ...trace, rateScale } };
  }
  const { rateRps, load = DEFAULTS.load } = settings;
  return { offer: rateRps !== undefined ? { rateRps } : { load, workers } };
}

/** @throws InputError when a policy steers by flows that a trace does not have */
export function refuseMissingFlows(policy: TypedPolicy, { trace }: HardwareInput): void {
  if (trace && !trace.summary.hasFlow && usesFlows(policy)) throw missingFlows(policy.text);
}
