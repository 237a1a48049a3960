/** Runs one policy for real, from what was asked for to its result. */

import type { ScaledTraceFile } from '../../hw/client/planned-trace.js';
import { runLoad } from '../../hw/client/run-load.js';
import { hardwarePolicy } from '../../hw/dispatcher/hardware-policy.js';
import type { HardwareConfig } from '../../hw/machine/config.js';
import type { NetForm } from '../../hw/native/native.js';
import { dilationOf, type HardwareOptions, type HardwareSpec, runHardware } from '../../hw/run/run-pair.js';
import type { RequestSamples } from '../../metrics/samples.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { type Offer, offeredRps } from '../../workload/workload.js';
import type { Settings } from '../plan/run-settings.js';
import { type HardwareInput, hardwareOffer } from './hardware-input.js';
import { type HardwareResult, hardwareResult, hardwareSamples } from './run-hardware.js';

/** Settings of a run on a machine, with their defaults where there are any. */
export interface RealSettings
  extends Pick<Settings, 'load' | 'rateRps' | 'rateScale' | 'requests' | 'durationNs' | 'record'> {
  readonly workers: number;
  readonly seed: string;
  /** How much to stretch time; `auto` from the number of cores. */
  readonly dilate: number | 'auto';
  /** Who polls the server's device; absent: from the number of cores. */
  readonly net?: NetForm;
}

export interface RealRun {
  readonly result: HardwareResult;
  readonly samples: RequestSamples;
  readonly offer: Offer;
  readonly trace?: ScaledTraceFile;
}

/** Default length of a run, in real time. */
export const DEFAULT_REAL_SECONDS = 10;

/** @throws InputError */
export function realSpec(input: HardwareInput, policy: TypedPolicy, settings: RealSettings): HardwareSpec {
  const { workload } = input;
  const { workers, seed, dilate, record, net } = settings;
  const { offer, trace } = hardwareOffer(input, settings, workers);
  const spec = { workload, policy, offer, workers, seed, dilate, ...(net && { net }), ...(trace && { trace }) };
  return { ...spec, ...lengthOf(settings, spec), ...(record !== undefined && { record }) };
}

/** The length of the trace: as given, else ten seconds of real time. */
function lengthOf(
  { requests, durationNs }: RealSettings,
  spec: HardwareSpec,
): Pick<HardwareSpec, 'requests' | 'durationNs'> {
  if (requests !== undefined) return { requests };
  if (durationNs !== undefined) return { durationNs };
  const { factor } = dilationOf(spec);
  return {
    requests: Math.max(100, Math.round((offeredRps(spec.workload, spec.offer) / factor) * DEFAULT_REAL_SECONDS)),
  };
}

/** How a run is judged, and against which machine it runs. */
export interface RealSide {
  readonly warmup: number;
  /** Of a client whose server is elsewhere; absent: both ends are here. */
  readonly config?: HardwareConfig;
  /** False at a client that was not told what the server runs. */
  readonly isPolicyKnown: boolean;
}

/**
 * @throws InputError when the policy cannot exist on a machine, EnvironmentError when the machine cannot do the run
 */
export async function runPolicy(
  spec: HardwareSpec,
  { warmup, config, isPolicyKnown }: RealSide,
  hooks: HardwareOptions,
): Promise<RealRun> {
  // The stretched times of the policy must fit, too. With auto, the run chooses the same factor again.
  hardwarePolicy(spec.policy, dilationOf(spec).factor);
  const startedAt = new Date();
  const startedMs = performance.now();
  const finished = config
    ? await runLoad({ ...spec, config, dilation: spec.dilate as number }, hooks)
    : await runHardware(spec, hooks);
  const { policy, seed, offer, trace, workload } = spec;
  const result = hardwareResult(finished, {
    workload,
    offer,
    workers: spec.workers,
    ...(trace && { trace }),
    ...(isPolicyKnown && { policy }),
    seed: String(seed),
    warmup,
    startedAt,
    wallSeconds: Math.round(performance.now() - startedMs) / 1000,
  });
  return { result, samples: hardwareSamples(finished, workload, warmup), offer, ...(trace && { trace }) };
}
