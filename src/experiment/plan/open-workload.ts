import { playTraceFile } from '../../files/trace-file.js';
import { exactDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { traceEndNs, traceNotes } from '../../workload/trace.js';
import { type OpenWorkload, openGenerated } from './open-generated.js';
import type { RunSpec, TraceWorkload } from './run-spec.js';

export function openWorkload(spec: RunSpec): OpenWorkload {
  return spec.workload.kind === 'generated' ? openGenerated(spec, spec.workload) : openTraced(spec, spec.workload);
}

function openTraced(spec: RunSpec, trace: TraceWorkload): OpenWorkload {
  const { summary, rateScale } = trace;
  const rateRps = (summary.rateRps ?? Number.NaN) * rateScale;
  const classified = summary.types.slice(0, summary.classified);
  const fileName = summary.fileName.replace(/^.*[/\\]/, '');
  const { end } = spec;
  const lastNs = traceEndNs(summary, rateScale);
  const firstNs = Math.floor((summary.firstArrivalNs - summary.startNs) / rateScale);
  if ('durationNs' in end && end.durationNs <= firstNs) {
    throw new InputError(
      `duration: expected more than ${exactDuration(firstNs)}, when the first request of ${summary.fileName} ` +
        `arrives, found ${exactDuration(end.durationNs)}`,
    );
  }
  return {
    name: fileName.replace(/\.csv(\.gz)?$/i, ''),
    title: `Trace ${fileName}`,
    types: classified.map(({ name }) => ({ name })),
    hasUnknown: summary.classified < summary.types.length,
    trueProfile: {
      meanNs: classified.map((type) => type.meanServiceNs),
      ratio: classified.map((type) => type.ratio),
    },
    offeredRps: rateRps,
    load: (rateRps * summary.meanServiceNs) / (spec.workers * 1e9),
    hasFlows: summary.hasFlow,
    end:
      'requests' in end
        ? { requests: Math.min(end.requests, summary.requests) }
        : { durationNs: Math.min(end.durationNs, lastNs) },
    notes: traceNotes(summary),
    source: () => playTraceFile(trace, { rateScale, ...end }),
  };
}
