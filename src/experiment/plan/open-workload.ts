import { playTraceFile } from '../../files/trace-file.js';
import type { TrueProfile, TypeInfo } from '../../scheduler/scheduler.js';
import { exactDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { createRequestSource } from '../../workload/generate.js';
import { playedMeanNs } from '../../workload/played.js';
import type { RequestSource } from '../../workload/request-source.js';
import { traceEndNs, traceNotes } from '../../workload/trace.js';
import {
  type Offer,
  offeredLoad,
  offeredRps,
  type Phase,
  phaseRateRps,
  trueProfile,
  workloadNotes,
} from '../../workload/workload.js';
import type { GeneratedWorkload, RunSpec, TraceWorkload } from './run-spec.js';

/** What a run needs to know of its workload, generated or traced. */
export interface OpenWorkload {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** The types the scheduler is told of. */
  readonly types: readonly TypeInfo[];
  readonly hasUnknown: boolean;
  readonly trueProfile: TrueProfile;
  /** Workers that each type keeps busy, UNKNOWN last; absent where that changes with time. */
  readonly demand?: readonly number[];
  /** Mean offered rate; NaN for a trace whose requests all arrive at once. */
  readonly offeredRps: number;
  readonly load: number;
  /** Do requests have flows? Generated workloads have them when asked to. */
  readonly hasFlows: boolean;
  /** What a reader of the results should know of how the workload is played. */
  readonly notes: readonly string[];
  /** Where the trace of requests ends, as far as that is known before the run. */
  readonly end: RunSpec['end'];
  /** Starts the trace of requests from the beginning. */
  source(options: { flows: boolean }): RequestSource;
}

export function openWorkload(spec: RunSpec): OpenWorkload {
  return spec.workload.kind === 'generated' ? openGenerated(spec, spec.workload) : openTraced(spec, spec.workload);
}

function openGenerated(spec: RunSpec, { workload, offer }: GeneratedWorkload): OpenWorkload {
  const { name, title, types, classified } = workload;
  return {
    name,
    title,
    types: types.slice(0, classified),
    hasUnknown: classified < types.length,
    trueProfile: trueProfile(workload),
    ...(workload.phases.length === 1 && { demand: demandOf(workload.phases[0]!, offer) }),
    offeredRps: offeredRps(workload, offer),
    load: offeredLoad(workload, offer, spec.workers),
    hasFlows: true,
    notes: workloadNotes(workload),
    end: spec.end,
    source: ({ flows }) => {
      const { seed, replication, end } = spec;
      return createRequestSource(workload, { ...offer, ...end, seed, replication, flows });
    },
  };
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

function demandOf(phase: Phase, offer: Offer): number[] {
  const perNs = phaseRateRps(phase, offer) / 1e9;
  return phase.service.map((service, type) => perNs * phase.ratio[type]! * playedMeanNs(service));
}
