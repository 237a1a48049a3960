import type { scanTraceFile } from '../../files/trace-file.js';
import { InputError } from '../../units/errors.js';
import { type TraceSummary, traceRateScale } from '../../workload/trace.js';
import { findWorkload, readWorkload } from './files.js';
import { endOf, generatedInput, offerOf, type RunInput, rangeAsInput } from './run-input.js';
import type { AskedSettings, Settings } from './run-settings.js';

/**
 * Reads the workload or scans the trace, and applies the defaults of load and length.
 *
 * @throws InputError
 */
export async function readRunInput(
  settings: AskedSettings,
  workers: number,
  scan: typeof scanTraceFile,
): Promise<RunInput> {
  const { workload, rateScale } = settings;
  const file = typeof workload === 'string' ? findWorkload(workload) : undefined;
  if (file?.kind === 'trace') {
    const trace = await scan(file.path, file.fileName);
    return {
      workload: {
        kind: 'trace',
        ...trace,
        rateScale: rateScaleOf(trace.summary, settings, workers),
      },
      end: endOf(settings) ?? { requests: trace.summary.requests },
      name: file.fileName,
    };
  }
  const read = typeof workload === 'string' ? readWorkload(file!) : workload;
  if (rateScale !== undefined) {
    throw new InputError(`rate-scale is for traces (.csv, .csv.gz): ${read.source.fileName} takes load or rate`);
  }
  return generatedInput(read, settings, workers);
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
