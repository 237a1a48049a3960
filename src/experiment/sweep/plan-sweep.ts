/** The points of a sweep: every combination of the listed values. */

import { scanTraceFile } from '../../files/trace-file.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { looksLikePercent, overloadWarning } from '../../units/load.js';
import { planRuns } from '../plan/plan.js';
import { refuseNamesakes } from '../plan/plan-input.js';
import { policiesOrDefault, type Settings } from '../plan/run-settings.js';
import { commandOf } from './command-of.js';
import { type RealPlan, realPoints, realSettings } from './plan-real.js';
import { type PlannedPoint, simulatedPoint } from './planned-point.js';
import { type Sources, settingsFrom } from './sources.js';

/** One value of a setting; for policies and systems, one name. */
type Value<K extends keyof Settings> = K extends 'policies' | 'systems' ? string : NonNullable<Settings[K]>;

/** Settings, each with all its values. */
export type Lists = { readonly [K in Exclude<keyof Settings, 'record'>]?: readonly Value<K>[] };

/**
 * Lists of values: every combination is a point. A sweep may have several blocks, such as policies at different loads.
 */
export interface Block {
  readonly lists: Lists;
}

/** More are a mistake, such as a step that lost its zeros. */
const MOST_POINTS = 100_000;

/**
 * The settings that change slowest come first. Points of one policy follow one another, because a thread serves one
 * policy.
 */
const OUTER: readonly string[] = ['workload', 'systems', 'policies', 'workers', 'seed'];

/**
 * Reads and checks everything, so that no point is refused once the first has begun. A point of several blocks is
 * there once.
 *
 * @param notes filled with what a reader of the results should know of how workloads are played
 * @param real how the points run on this machine; absent: they are simulated
 * @param sources what the folder of the sweep keeps: commands name its copies
 * @throws InputError
 */
export async function planSweep(
  blocks: readonly Block[],
  notes?: Set<string>,
  real?: RealPlan,
  sources?: Sources,
): Promise<PlannedPoint[]> {
  const points = new Map<string, PlannedPoint>();
  const used = new Map<string, TypedPolicy>();
  const scan = remembered(scanTraceFile);
  const command = (run: Settings) => commandOf(sources ? settingsFrom(sources, run) : run);
  for (const { lists } of blocks) {
    const policies = policiesOrDefault(lists);
    for (const settings of product({ ...lists, ...(policies && { policies }) })) {
      const asked = real ? realSettings(settings, real) : settings;
      const { specs, replications, workload } = await planRuns(asked, scan);
      for (const note of workload.notes) notes?.add(note);
      if (looksLikePercent(workload.load)) notes?.add(overloadWarning(workload.load)!);
      const { policy } = specs[0]!;
      used.set(policy.text, policy);
      const made = real
        ? realPoints(specs[0]!, asked, real, { command, ...(notes && { notes }) })
        : [simulatedPoint(specs[0]!, replications, command(settings))];
      for (const point of made) if (!points.has(point.key)) points.set(point.key, point);
    }
  }
  refuseNamesakes([...used.values()]);
  return [...points.values()];
}

/** Every combination, as the settings of one run of one policy. */
function* product(lists: Lists): Generator<Settings> {
  const entries = Object.entries(lists as Record<string, readonly unknown[]>).filter(
    ([, values]) => values !== undefined,
  );
  const rank = ([key]: [string, unknown]) => (OUTER.includes(key) ? OUTER.indexOf(key) : OUTER.length);
  entries.sort((a, b) => rank(a) - rank(b));
  const size = entries.reduce((all, [, values]) => all * values.length, 1);
  if (size > MOST_POINTS) throw new InputError(`expected at most ${MOST_POINTS} points, found ${size}`);
  function* from(depth: number, settings: Record<string, unknown>): Generator<Settings> {
    const entry = entries[depth];
    if (!entry) {
      yield settings as unknown as Settings;
      return;
    }
    const [key, values] = entry;
    const isPlural = key === 'policies' || key === 'systems';
    for (const value of values) yield* from(depth + 1, { ...settings, [key]: isPlural ? [value] : value });
  }
  yield* from(0, {});
}

/** The same function, but each file is read once. */
export function remembered(scan: typeof scanTraceFile): typeof scanTraceFile {
  const scans = new Map<string, ReturnType<typeof scanTraceFile>>();
  return (path, fileName) => {
    const known = scans.get(path) ?? scan(path, fileName);
    scans.set(path, known);
    return known;
  };
}
