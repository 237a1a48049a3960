/**
 * The load generator alone, against a server on another machine or of another system: `--role client` and `psp load`.
 */

import { EnvironmentError } from '../../units/errors.js';
import type { Offer, Workload } from '../../workload/workload.js';
import { schedulerTypes } from '../dispatcher/hardware-policy.js';
import type { HardwareConfig } from '../machine/config.js';
import { UNKNOWN_CODE, wireCodes } from '../native/wire-codes.js';
import { fitDemands, givenDilation } from '../run/dilation.js';
import {
  drainNsFor,
  finishedRun,
  type HardwareOptions,
  type HardwareRun,
  lateAfterNs,
  longestServiceNs,
} from '../run/run-pair.js';
import { runClient } from './client.js';
import { liveP99Slowdown } from './live.js';
import { makeTrace, partOf, type TraceLength, wireTrace } from './planned-trace.js';

export interface LoadSpec extends TraceLength {
  readonly config: HardwareConfig;
  readonly workload: Workload;
  /** What all clients together offer. */
  readonly offer: Offer;
  readonly dilation: number;
}

/**
 * Plays this client's share of the trace. The result has no server's counts, so nothing is reconciled.
 *
 * @throws EnvironmentError with one line when this machine cannot run it or the server does not answer
 * @throws InputError when the specification is wrong
 */
export async function runLoad(spec: LoadSpec, options: HardwareOptions = {}): Promise<HardwareRun> {
  const { frame, classifier, client } = spec.config;
  if (!client) throw new EnvironmentError('the configuration has no client: section');
  const planned = await makeTrace(spec.workload, spec.offer, partOf(spec, client.share));
  const longestNs = longestServiceNs(planned);
  const dilation = fitDemands(givenDilation(spec.dilation, 0, 0), longestNs, false);
  const codes = wireCodes(
    schedulerTypes(spec.workload).map((type) => type.name),
    classifier,
  );
  const trace = wireTrace(planned, codes, UNKNOWN_CODE, spec.dilation);
  const result = await runClient({
    config: { ...client, drainNs: drainNsFor(client.drainNs, longestNs, spec.dilation) },
    frame,
    trace,
    lateAfterNs: lateAfterNs(spec.dilation),
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && {
      onProgress: (counts, records) =>
        options.onProgress!({
          achievedRps: (counts.received / (counts.nowNs / 1e9)) * spec.dilation,
          inFlight: counts.sent - counts.received,
          p99Slowdown: liveP99Slowdown(trace, records),
        }),
    }),
  });
  return finishedRun(dilation, planned, result);
}
