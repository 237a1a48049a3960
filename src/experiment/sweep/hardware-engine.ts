/**
 * Runs points on this machine or on those of a testbed, one at a time: server and load generator would disturb each
 * other otherwise. The policies take turns, so that a disturbance from outside does not hit the points of one policy
 * only.
 */

import { loadNative } from '../../hw/native/native.js';
import { type HardwareOptions, type HardwareRun, type HardwareSpec, runHardware } from '../../hw/run/run-pair.js';
import type { Point } from '../../results/point.js';
import { InputError } from '../../units/errors.js';
import { describeEnvironment } from '../environment.js';
import {
  type HostsIdentity,
  pooledHardwareRuns,
  type RawHardwareRun,
  rawHardwareRun,
} from '../hardware/run-hardware.js';
import { type RunSpec, receiveSpec } from '../plan/run-spec.js';
import type { Engine, EngineHooks } from './engine.js';
import { localEngine } from './local-engine.js';
import { hardwareSpec } from './plan-real.js';
import type { PlannedPoint } from './planned-point.js';

/** How many more repetitions may be disturbed, too. */
interface Patience {
  left: number;
}

export interface HardwareEngineOptions {
  /** How often a run that failed is tried again. */
  readonly retries?: number;
  /** Runs one repetition of a point; absent: on this machine. */
  readonly runOnce?: RunOnce;
  /** The machines that it runs on, if not this one. */
  readonly hosts?: HostsIdentity;
}

/** @throws EnvironmentError when it failed, and may be tried again */
export type RunOnce = (
  spec: HardwareSpec,
  options: Pick<HardwareOptions, 'signal'>,
  planned: PlannedPoint,
) => Promise<HardwareRun>;

interface Running extends Required<Omit<HardwareEngineOptions, 'hosts'>>, Pick<HardwareEngineOptions, 'hosts'> {
  readonly patience: Patience;
}

const DEFAULT_RETRIES = 2;
/**
 * A run is disturbed if cores were away for more than this share of its time. The virtual machine of
 * docs/sim-vs-real.md loses 0.1 to 0.5 % by itself.
 */
export const MOST_AWAY = 0.02;
/** A run that was disturbed is repeated this often, and the least disturbed one is kept. */
const MOST_REPEATS = 2;
/** After this many repetitions that were disturbed, too, the machine is busy, and nothing more is repeated. */
const MOST_DISTURBED = 2;
const LOOK_EVERY_MS = 200;

/** Simulates the points that are not real, on all cores, before it runs the others. */
export function hardwareEngine({
  retries = DEFAULT_RETRIES,
  runOnce = runHardware,
  hosts,
}: HardwareEngineOptions = {}): Engine {
  return {
    async run(points, hooks) {
      const simulated = points.filter(({ real }) => real === undefined);
      const real = points.filter((point) => point.real !== undefined);
      // Without the addon every point would fail.
      if (real.length > 0 && !hosts) loadNative();
      if (simulated.length > 0) await localEngine().run(simulated, hooks);
      const patience = { left: MOST_DISTURBED };
      for (const planned of takingTurns(real)) {
        if (hooks.signal.aborted) return;
        const found = hooks.alreadyThere(planned);
        if (found) hooks.onPoint(found);
        else (await attempt(planned, hooks, { retries, runOnce, patience, ...(hosts && { hosts }) }))();
      }
    },
  };
}

/** The first point of each policy, the second of each, and so on. */
export function takingTurns(points: readonly PlannedPoint[]): PlannedPoint[] {
  const turns = new Map<string, number>();
  const turnOf = new Map<PlannedPoint, number>();
  for (const point of points) {
    const name = `${point.spec.system?.name ?? ''}/${point.spec.policy}`;
    const turn = turns.get(name) ?? 0;
    turns.set(name, turn + 1);
    turnOf.set(point, turn);
  }
  return points.toSorted((a, b) => turnOf.get(a)! - turnOf.get(b)!);
}

/** Returns the call that reports how the point ended. That call may fail too, which is not a failure of the point. */
async function attempt(planned: PlannedPoint, hooks: EngineHooks, options: Running): Promise<() => void> {
  try {
    const point = await runRealPoint(planned, hooks, options);
    return () => point && hooks.onPoint(point);
  } catch (error) {
    return () => hooks.onFailure(planned, (error as Error).message);
  }
}

/** Returns undefined when it was stopped before its end. */
async function runRealPoint(planned: PlannedPoint, hooks: EngineHooks, options: Running): Promise<Point | undefined> {
  const { key, command, real, replications } = planned;
  const spec = receiveSpec(planned.spec);
  const runs: RawHardwareRun[] = [];
  const disturbed = { repeated: 0, kept: 0 };
  const startedMs = performance.now();
  const looking = setInterval(() => {
    const share = (performance.now() - startedMs) / 1000 / real!.seconds;
    hooks.onProgress(planned, Math.min(0.99, share));
  }, LOOK_EVERY_MS);
  try {
    for (let replication = 0; replication < replications.first; replication++) {
      let best: Tried | undefined;
      for (let again = 0; again <= MOST_REPEATS; again++) {
        const tried = await runOf(planned, spec, replication, hooks, options);
        if (!tried) return undefined;
        if (again > 0) disturbed.repeated++;
        if (!best || tried.away < best.away) best = tried;
        if (best.away <= MOST_AWAY || !isWorthRepeating(again, options.patience, hooks)) break;
      }
      if (best!.away > MOST_AWAY) disturbed.kept++;
      runs.push(best!.raw);
      hooks.onRequests(best!.raw.raw.record.arrived.reduce((sum, count) => sum + count, 0));
    }
  } finally {
    clearInterval(looking);
  }
  const { system } = spec;
  const pooled = pooledHardwareRuns(runs);
  const result = {
    ...pooled.result,
    ...(system && { system: system.name }),
    disturbedRuns: disturbed,
  };
  return { schema: 'psp.point/1', key, command, result, tails: pooled.tails };
}

/** Is a disturbed run repeated once more? Not on a machine that is always busy. */
function isWorthRepeating(again: number, patience: Patience, { onNote }: EngineHooks): boolean {
  if (patience.left === 0 || again === MOST_REPEATS) return false;
  if (again === 0) return true;
  if (--patience.left > 0) return true;
  onNote(
    `other programs have the cores for more than ${MOST_AWAY * 100} % of each run: disturbed runs are kept from here ` +
      'on, and counted',
  );
  return false;
}

/** A finished run, and the share of its time in which a core was away. */
interface Tried {
  readonly raw: RawHardwareRun;
  readonly away: number;
}

/** One repetition, tried again if it fails. */
async function runOf(
  planned: PlannedPoint,
  spec: RunSpec,
  replication: number,
  { signal, onNote }: EngineHooks,
  { retries, runOnce, hosts }: Running,
): Promise<Tried | undefined> {
  const { real, command } = planned;
  const told = hardwareSpec(spec, real!.dilate);
  for (let failures = 0; ; failures++) {
    const startedAt = new Date();
    const startedMs = performance.now();
    try {
      const run = await runOnce({ ...told, replication }, { signal }, planned);
      if (signal.aborted) return undefined;
      refuseBroken(run);
      const raw = rawHardwareRun(run, {
        ...told,
        seed: spec.seed,
        warmup: spec.warmup as number,
        ...(spec.sliceNs !== undefined && { sliceNs: spec.sliceNs }),
        startedAt,
        wallSeconds: Math.round(performance.now() - startedMs) / 1000,
        environment: environment(),
        ...(hosts && { hosts }),
      });
      return { raw, away: run.away?.share ?? 0 };
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof InputError || failures >= retries) throw error;
      onNote(`${command}: ${(error as Error).message}: tried again`);
    }
  }
}

/** A run that ended, but says nothing about the policy. */
function refuseBroken({ end, failure, wrong }: HardwareRun): void {
  if (end === 'serverGone') throw new Error(`the server went away during the run${failure ? ` (${failure})` : ''}`);
  if (wrong.length > 0) throw new Error(`the counts do not add up: ${wrong.join('; ')}`);
}

let known: ReturnType<typeof describeEnvironment> | undefined;

function environment(): ReturnType<typeof describeEnvironment> {
  known ??= describeEnvironment();
  return known;
}
