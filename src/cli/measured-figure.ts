/** The points of figures that run for real, and how long each may take. */

import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Testbed } from '../experiment/hosts/read-testbed.js';
import { findWorkload, readWorkload } from '../experiment/plan/files.js';
import { keepSources } from '../experiment/sweep/kept-sources.js';
import type { RealPlan } from '../experiment/sweep/plan-real.js';
import { type Block, planSweep } from '../experiment/sweep/plan-sweep.js';
import type { PlannedPoint } from '../experiment/sweep/planned-point.js';
import type { Sources } from '../experiment/sweep/sources.js';
import { makeFolder } from '../files/folders.js';
import { writeInFolder } from '../files/output-file.js';
import { yamlValue } from '../input/yaml.js';
import type { Figure } from '../report/figures/claims.js';
import { inShare, type PlotSpec } from '../report/plot/plot-spec.js';
import { exactDuration } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { realPlanOf } from './asked-world.js';

export interface FigurePlan {
  readonly figure: Figure;
  readonly plot: PlotSpec;
  readonly blocks: readonly Block[];
  readonly planned: readonly PlannedPoint[];
}

export interface MeasuredOptions {
  /** About how long all runs may take. */
  readonly minutes?: number;
  readonly hosts?: Testbed;
  readonly dilate?: number | 'auto';
  /** The folder of the figures, and what it keeps. */
  readonly out: string;
  readonly sources?: Sources | undefined;
}

const DEFAULT_MINUTES = 15;
/** The shortest run that shows anything, and what its start takes, s. */
const LEAST_SECONDS = 2;
const START_SECONDS = 3;
/** A run of a workload that changes may take as long as this many others: each of its phases is a run. */
const CHANGING_WEIGHT = 10;
/** Costs nothing, so that a machine has no such system. */
const IDEAL = 'ideal';

/**
 * Adds the same points in the real world, as long as the time allows.
 *
 * @param notes filled with what a reader of the results should know
 */
export async function withMeasured(
  plans: readonly FigurePlan[],
  notes: Set<string>,
  { minutes = DEFAULT_MINUTES, hosts, dilate, out, sources }: MeasuredOptions,
): Promise<FigurePlan[]> {
  const real = realPlanOf(
    { both: true, ...(hosts && { hosts }), ...(dilate !== undefined && { dilate }) },
    {},
    sources,
  )!;
  const plan = (blocks: readonly Block[], seconds: number) =>
    planSweep(blocks, notes, { ...real, shortWindows: true, seconds }, sources);
  const weightOf = ({ figure }: FigurePlan) => (figure.inTime ? CHANGING_WEIGHT : 1);
  const counts = await Promise.all(
    plans.map(async (each) => {
      const planned = await plan(realBlocks(each), LEAST_SECONDS);
      return weightOf(each) * planned.filter(isReal).length;
    }),
  );
  const share = (minutes * 60) / Math.max(1, sum(counts));
  return Promise.all(
    plans.map(async (each) => {
      const seconds = Math.max(LEAST_SECONDS, weightOf(each) * share - START_SECONDS);
      if (each.figure.inTime) return inTime(each, seconds, real, notes, { out, sources });
      const planned = await plan(realBlocks(each), seconds);
      return { ...each, planned: [...each.planned, ...planned.filter(isReal)] };
    }),
  );
}

const isReal = ({ real }: PlannedPoint): boolean => real !== undefined;

/** How long the runs are is for the time to say. */
function realBlocks({ figure, blocks }: Pick<FigurePlan, 'figure' | 'blocks'>): Block[] {
  return blocks.flatMap(({ lists }) => {
    const { requests: _, durationNs, replications: __, sliceNs, ...rest } = lists;
    const systems = rest.systems?.filter((name) => name !== IDEAL);
    if (rest.systems && systems!.length === 0) return [];
    // One long run of each policy shows more of each phase than a run for each seed.
    const changing = figure.inTime && {
      ...(durationNs && { durationNs }),
      ...(sliceNs && { sliceNs }),
      ...(rest.seed && { seed: rest.seed.slice(0, 1) }),
    };
    return [{ lists: { ...rest, ...(systems && { systems }), ...changing } }];
  });
}

/** Requests of a phase are few in a stretched run: a slice has as many as it can to still show how a phase goes. */
const SLICES_PER_PHASE = 10;
/** Shares of the stated length are whole multiples of this. */
const SHARE_STEP = 1e-4;

/**
 * The points of a workload that changes, its phases shortened so that a run takes that many seconds, and their
 * simulated twins with the very same requests.
 */
async function inTime(
  { figure, plot, blocks }: FigurePlan,
  seconds: number,
  real: RealPlan,
  notes: Set<string>,
  kept: Pick<MeasuredOptions, 'out' | 'sources'>,
): Promise<FigurePlan> {
  const { out, sources } = kept;
  const asked = realBlocks({ figure, blocks });
  const whole = (await planSweep(asked, undefined, real)).filter(isReal);
  const longest = Math.max(...whole.map((point) => point.real!.seconds - START_SECONDS));
  const share = Math.min(1, Math.max(SHARE_STEP, Math.floor(seconds / longest / SHARE_STEP) * SHARE_STEP));
  if (share === 1 || whole.length === 0)
    return { figure, plot, blocks, planned: await planSweep(asked, notes, real, sources) };
  const files = new Map<string, string>();
  const known = sources && { ...sources, find: (path: string) => sources.find(path) ?? placeIn(out, path) };
  const shortened = asked.map(({ lists }): Block => {
    if (!lists.durationNs) throw new InputError(`figure ${figure.name}: expected a duration, found none`);
    const made = lists.workload!.map((name) => shortenedWorkload(name, share, kept));
    for (const { path, text } of made) files.set(path, text);
    return {
      lists: {
        ...lists,
        workload: made.map(({ path }) => path),
        sliceNs: [Math.round(made[0]!.phaseNs / SLICES_PER_PHASE)],
        durationNs: lists.durationNs.map((ns) => Math.round(ns * share)),
      },
    };
  });
  // Written once nothing is refused any more. They name what the folder keeps.
  makeFolder(out);
  if (sources) keepSources(out, sources);
  for (const [path, text] of files) writeInFolder(path, text);
  const planned = await planSweep(shortened, notes, { ...real, shortWindows: true }, known);
  const shorter = { figure: figure.inTime!(share), plot: inShare(plot, share, (ns) => exactDuration(Math.round(ns))) };
  return { ...shorter, blocks: shortened, planned };
}

/** How a file of the folder is found from there. */
function placeIn(folder: string, path: string): string | undefined {
  return dirname(resolve(path)) === resolve(folder) ? basename(path) : undefined;
}

/**
 * A workload whose phases are shorter, for a file of the folder, so that the command of a point finds it. The files
 * that it names are those of the original.
 */
function shortenedWorkload(
  name: string,
  share: number,
  { out, sources }: Pick<MeasuredOptions, 'out' | 'sources'>,
): { path: string; text: string; phaseNs: number } {
  const found = findWorkload(name);
  const { source, phases, name: own } = readWorkload(found);
  if (phases.length < 2) throw new InputError(`${name}: expected a workload with phases, found none`);
  const lengths = phases.map(({ durationNs }) => exactDuration(Math.round(durationNs * share)));
  const stated = yamlValue(source.text) as { readonly phases: readonly object[] };
  const shorter = {
    ...stated,
    name: `${own} in ${lengths[0]}`,
    phases: stated.phases.map((phase, i) => ({ ...phase, duration: lengths[i] })),
  };
  const withPlace = (key: string, value: unknown): unknown => {
    if (key !== 'file' || !Object.hasOwn(source.files, String(value))) return value;
    const original = resolve(dirname(found.path), String(value));
    return sources?.find(original) ?? relative(out, original);
  };
  return {
    path: join(out, `${own}-${lengths[0]}.yaml`),
    // JSON is also YAML.
    text: `${JSON.stringify(shorter, withPlace, 2)}\n`,
    phaseNs: Math.round(phases[0]!.durationNs * share),
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
