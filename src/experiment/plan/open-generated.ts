/** A workload as a run sees it. Nothing here needs Node: a browser opens generated workloads, too. */

import type { TrueProfile, TypeInfo } from '../../scheduler/scheduler.js';
import { createRequestSource } from '../../workload/generate.js';
import { playedMeanNs } from '../../workload/played.js';
import type { RequestSource } from '../../workload/request-source.js';
import {
  type Offer,
  offeredLoad,
  offeredRps,
  type Phase,
  phaseRateRps,
  trueProfile,
  workloadNotes,
} from '../../workload/workload.js';
import type { GeneratedWorkload, RunSpec } from './run-spec.js';

/** What a run needs to know of its workload, generated or traced. */
export interface OpenWorkload {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** The types the scheduler is told of. */
  readonly types: readonly TypeInfo[];
  readonly hasUnknown: boolean;
  /** Share of the requests of each of these types that policies are told the type of; absent: all. */
  readonly recognised?: readonly number[];
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

export function openGenerated(spec: RunSpec, { workload, offer }: GeneratedWorkload): OpenWorkload {
  const { name, title, types, classified } = workload;
  return {
    name,
    title,
    types: types.slice(0, classified),
    hasUnknown: classified < types.length,
    ...(workload.recognised && { recognised: workload.recognised }),
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

function demandOf(phase: Phase, offer: Offer): number[] {
  const perNs = phaseRateRps(phase, offer) / 1e9;
  return phase.service.map((service, type) => perNs * phase.ratio[type]! * playedMeanNs(service));
}
