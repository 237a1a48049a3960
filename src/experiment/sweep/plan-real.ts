/** The points of a sweep that run on this machine or on those of a testbed, and their simulated twins. */

import { hardwarePolicy } from '../../hw/dispatcher/hardware-policy.js';
import { MAX_WORKERS } from '../../hw/memory/layout.js';
import { dilationOf, type HardwareSpec } from '../../hw/run/run-pair.js';
import { parsePolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { inShell } from '../../units/lists.js';
import { offeredRps, phaseRateRps } from '../../workload/workload.js';
import { workloadOfTrace } from '../hardware/hardware-input.js';
import { DEFAULT_REAL_SECONDS } from '../hardware/run-policy.js';
import { DEFAULTS, type Settings } from '../plan/run-settings.js';
import { type RunSpec, sendSpec } from '../plan/run-spec.js';
import { type PlannedPoint, pointKey, simulatedPoint } from './planned-point.js';

/** How the points of a sweep run for real. */
export interface RealPlan {
  /** With `both`, each point has a simulated twin with the very same requests. */
  readonly world: 'hw' | 'both';
  readonly dilate: number | 'auto';
  /** Independent runs of each point, pooled. */
  readonly repeat: number;
  /** The testbed, by its file and its digest; absent: this machine. */
  readonly hosts?: { readonly file: string; readonly digest: string };
  /** Real time of a run that states neither requests nor duration; default {@link DEFAULT_REAL_SECONDS}. */
  readonly seconds?: number;
  /**
   * DARC profiles a fifth of a run, or a share of its shortest phase, instead of 50 000 completions: a stretched run
   * has some thousand requests, and would end before its first window.
   */
  readonly shortWindows?: boolean;
}

/** What a run takes beside its requests, s: two processes start, and the dispatcher warms up. */
const START_SECONDS = 3;

/** What a point is planned with: a machine finds no warm-up, and its replications are its repetitions. */
export function realSettings(settings: Settings, { repeat }: RealPlan): Settings {
  const { precision: _, maxReplications: __, warmup = DEFAULTS.warmup, ...rest } = settings;
  return { ...rest, warmup, replications: repeat };
}

/**
 * The point of a run, and its twin.
 *
 * @param notes filled with what is only simulated, and why
 * @param command the `psp sim` command of a run
 * @throws InputError when a machine cannot run it
 */
export function realPoints(
  planned: RunSpec,
  asked: Settings,
  plan: RealPlan,
  { notes, command }: { readonly notes?: Set<string>; readonly command: (settings: Settings) => string },
): PlannedPoint[] {
  const { spec, settings, seconds } = inShortWindows(withEnd(planned, asked, plan), plan);
  const replications = { first: plan.repeat };
  const twin = () => simulatedPoint(spec, replications, command(settings));
  try {
    if (spec.workers > MAX_WORKERS) {
      throw new InputError(`workers: expected at most ${MAX_WORKERS} on a machine, found ${spec.workers}`);
    }
    hardwarePolicy(spec.policy, dilationOf(hardwareSpec(spec, plan.dilate)).factor);
  } catch (error) {
    if (plan.world === 'hw' || !(error instanceof InputError)) throw error;
    notes?.add(`simulated only: ${error.message}`);
    return [twin()];
  }
  const { dilate, repeat } = plan;
  const where = { dilate, ...(plan.hosts && { hosts: plan.hosts.digest }) };
  const sent = sendSpec(spec);
  const real: PlannedPoint = {
    key: pointKey(sent, replications, where),
    spec: sent,
    replications,
    command: realCommand(settings, plan, command),
    real: { ...where, seconds: repeat * seconds },
  };
  return plan.world === 'both' ? [real, twin()] : [real];
}

/** The same, with an end: ten seconds of real time, unless the settings have one. */
function withEnd(spec: RunSpec, settings: Settings, { dilate, seconds = DEFAULT_REAL_SECONDS }: RealPlan): Ended {
  const real = hardwareSpec(spec, dilate);
  const { factor } = dilationOf(real);
  const rps = offeredRps(real.workload, real.offer);
  const secondsOf = (end: RunSpec['end']): number =>
    START_SECONDS + ('requests' in end ? end.requests / rps : end.durationNs / 1e9) * factor;
  if (settings.requests !== undefined || settings.durationNs !== undefined) {
    return { spec, settings, seconds: secondsOf(spec.end) };
  }
  const requests = Math.max(100, Math.round((rps / factor) * seconds));
  return {
    spec: { ...spec, end: { requests } },
    settings: { ...settings, requests },
    seconds: secondsOf({ requests }),
  };
}

/** Share of a run that is a window of DARC's. */
const WINDOW_SHARE = 0.2;
/** The same of a phase, so that DARC sees a change in time: its windows are a twentieth of figure 8's first phase. */
const WINDOW_SHARE_OF_PHASE = 0.05;

interface Ended {
  readonly spec: RunSpec;
  readonly settings: Settings;
  readonly seconds: number;
}

function inShortWindows(ended: Ended, { shortWindows }: RealPlan): Ended {
  const { spec, settings } = ended;
  const { policy, text } = spec.policy;
  const window = shortWindows ? windowIn(spec) : undefined;
  if (window === undefined || policy.name !== 'darc' || /window/.test(text)) return ended;
  const windowed = parsePolicy(`${text}:window=${Math.max(1, Math.floor(window))}`);
  return { ...ended, spec: { ...spec, policy: windowed }, settings: { ...settings, policies: [windowed.text] } };
}

/** Completions in a window: a share of the phase with the fewest requests, else of the run. */
function windowIn({ end, workload }: RunSpec): number | undefined {
  if (workload.kind === 'generated' && workload.workload.phases.length > 1) {
    const { phases } = workload.workload;
    const requests = phases.map((phase) => phaseRateRps(phase, workload.offer) * (phase.durationNs / 1e9));
    return Math.min(...requests) * WINDOW_SHARE_OF_PHASE;
  }
  return 'requests' in end ? end.requests * WINDOW_SHARE : undefined;
}

/** What a run of the point is told, for its first repetition. */
export function hardwareSpec(spec: RunSpec, dilate: number | 'auto'): HardwareSpec {
  const { policy, workers, seed, end, workload } = spec;
  const played =
    workload.kind === 'generated'
      ? { workload: workload.workload, offer: workload.offer }
      : {
          workload: workloadOfTrace(workload.summary),
          offer: { rateRps: (workload.summary.rateRps ?? 0) * workload.rateScale },
          trace: workload,
        };
  return { ...played, policy, workers, seed, ...end, dilate };
}

function realCommand(
  settings: Settings,
  { dilate, repeat, hosts }: RealPlan,
  command: (settings: Settings) => string,
): string {
  const { replications: _, systems: __, ...rest } = settings;
  const isSweep = hosts !== undefined || repeat > 1 || rest.sliceNs !== undefined;
  const where = hosts ? `psp sweep --hosts ${inShell(hosts.file)} ` : isSweep ? 'psp sweep --hw ' : 'psp run --hw ';
  const stretched = dilate === 'auto' ? '' : ` --dilate ${dilate}`;
  const repeated = repeat === 1 ? '' : ` --repeat ${repeat}`;
  return `${command(rest).replace(/^psp sim /, where)}${stretched}${repeated}${isSweep ? ' --out point' : ''}`;
}
