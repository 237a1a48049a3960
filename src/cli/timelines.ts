import type { Contender, Plan } from '../experiment/plan/plan-input.js';
import { contenderName, type RunSpec } from '../experiment/plan/run-spec.js';
import { endOfWarmUp, worstWaitIn } from '../experiment/run/find-window.js';
import { runTimeline, type Window } from '../experiment/run/run-timeline.js';
import { writeOutput } from '../files/output-file.js';
import { MOST_RUNS, type Timeline } from '../metrics/timeline.js';
import { stackedTimelineSvg, windowText } from '../report/timeline/timeline-svg.js';
import { timelineTrace } from '../report/timeline/timeline-trace.js';
import { formatDuration } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { complain } from './failure.js';
import { endingOf, PICTURES, writePicture } from './output.js';
import type { SimSettings } from './settings.js';

const DEFAULT_FOR_NS = 1e6;

/** Around a worst wait, the window is this many times as long as the request was in the system. */
const AROUND = 3;
const LEAST_AROUND_NS = 20_000;

/** The part of a recorded run that is drawn. */
export function timelineWindow({ fromNs = 0, forNs = DEFAULT_FOR_NS }: { fromNs?: number; forNs?: number }): Window {
  return { fromNs, forNs };
}

/** The part of the runs that is drawn, the same of all, and what to say of it. */
async function windowOf({ from, forNs }: SimSettings, { specs }: Plan): Promise<Window & { readonly note?: string }> {
  if (typeof from === 'number') return { fromNs: from, forNs: forNs ?? DEFAULT_FOR_NS };
  const beginsNs = await endOfWarmUp(specs);
  if (!from) return { fromNs: beginsNs, forNs: forNs ?? DEFAULT_FOR_NS };
  const { spec, request, arrivedNs, doneNs, waitedNs } = await worstWaitIn(specs, from.worst, beginsNs);
  const length = Math.round(forNs ?? Math.max(LEAST_AROUND_NS, AROUND * (doneNs - arrivedNs)));
  const note =
    `the worst wait of ${from.worst} is under ${contenderName(spec.policy.text, spec.system)}: request ${request} ` +
    `came at ${formatDuration(arrivedNs)} and waited ${formatDuration(waitedNs)}`;
  return { fromNs: Math.max(0, Math.round((arrivedNs + doneNs - length) / 2)), forNs: length, note };
}

/** Timelines to draw into a file, already checked: all of a picture, or one. */
export interface TimelineTask {
  readonly specs: readonly RunSpec[];
  readonly path: string;
}

/**
 * Plans the requested timelines: one picture of all runs, or one trace for a viewer per run.
 *
 * @throws InputError when they cannot be drawn
 */
export function planTimelines({ timeline: path, from, forNs }: SimSettings, { specs }: Plan): TimelineTask[] {
  if (path === undefined) {
    const stray = from !== undefined ? 'from' : forNs !== undefined ? 'for' : undefined;
    if (stray !== undefined)
      throw new InputError(`${stray} is about a timeline: expected timeline as well, found none`);
    return [];
  }
  for (const { policy } of specs) {
    if (policy.policy.sharing) {
      throw new InputError(
        `timeline: ${policy.text} serves all requests at once: there is nothing on any one worker to draw`,
      );
    }
  }
  if (PICTURES.includes(endingOf(path))) return [{ specs, path }];
  const paths = pathsFor(path, specs);
  return specs.map((spec, i) => ({ specs: [spec], path: paths[i]! }));
}

/**
 * Returns the file of each run: the given name, or with several runs the policy before the extension: `out-darc.json`.
 */
export function pathsFor(path: string, specs: readonly Contender[]): string[] {
  if (specs.length === 1) return [path];
  const seen = new Map<string, number>();
  return specs.map(({ policy, system }) => {
    const name = contenderName(policy.text, system).replace(/[^\w.=-]+/g, '-');
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return path.replace(/(\.\w+)$/, `-${name}${times > 1 ? `-${times}` : ''}$1`);
  });
}

/**
 * Draws the timelines into their files.
 *
 * @param tell is told what was drawn into which file
 * @throws InputError when a run ends before its timeline begins
 */
export async function writeTimelines(
  tasks: readonly TimelineTask[],
  settings: SimSettings,
  plan: Plan,
  tell: (line: string) => void,
): Promise<void> {
  if (tasks.length === 0) return;
  const { note, ...window } = await windowOf(settings, plan);
  if (note !== undefined) tell(note);
  for (const { specs, path } of tasks) {
    const drawn: Drawn[] = [];
    for (const spec of specs) drawn.push({ spec, timeline: await runTimeline(spec, window) });
    // Those of one picture have one time axis, which ends where the first is cut.
    const toNs = Math.min(...drawn.map(({ timeline }) => timeline.toNs));
    if (toNs < window.fromNs + window.forNs) {
      const cut = windowText({ ...drawn[0]!.timeline, toNs });
      complain(`warning: ${path}: has the first ${MOST_RUNS} stretches only, ${cut}`);
    }
    const shown = drawn.map(({ spec, timeline }) => ({ spec, timeline: cutAt(toNs, timeline) }));
    if (endingOf(path) === 'json') writeOutput(path, traceOf(shown[0]!, plan));
    else await writePicture(path, pictureOf(shown, plan));
    const names = specs.map(({ policy, system }) => contenderName(policy.text, system)).join(', ');
    tell(`${path}: ${names}, ${windowText(shown[0]!.timeline)}`);
  }
}

function cutAt(toNs: number, timeline: Timeline): Timeline {
  if (timeline.toNs === toNs) return timeline;
  const begins = <T extends { readonly fromNs: number }>(spans: readonly T[]) =>
    spans.filter((each) => each.fromNs < toNs);
  const comes = <T extends { readonly atNs: number }>(events: readonly T[]) =>
    events.filter((each) => each.atNs < toNs);
  const { runs, overheads, dispatcher, waiting, drops, steals, reservations } = timeline;
  return {
    ...timeline,
    toNs,
    ...{ runs: begins(runs), overheads: begins(overheads), dispatcher: begins(dispatcher) },
    ...{ waiting: comes(waiting), drops: comes(drops), steals: comes(steals), reservations: comes(reservations) },
  };
}

interface Drawn {
  readonly spec: RunSpec;
  readonly timeline: Timeline;
}

function traceOf({ spec, timeline }: Drawn, { workload }: Plan): string {
  return timelineTrace(timeline, `psp: ${contenderName(spec.policy.text, spec.system)} on ${workload.title}`);
}

function pictureOf(drawn: readonly Drawn[], { workload }: Plan): string {
  const [{ spec, timeline }] = drawn as [Drawn];
  const names = drawn.map(({ spec: { policy, system } }) => contenderName(policy.text, system));
  const load = Number.isFinite(workload.load) ? `load ${Number(workload.load.toPrecision(3))} · ` : '';
  const subtitle =
    `${spec.workers} ${spec.workers === 1 ? 'worker' : 'workers'} · ${load}seed ${spec.seed} · ` +
    `${windowText(timeline)}`;
  return stackedTimelineSvg(
    drawn.map((each, i) => ({ timeline: each.timeline, title: names[i]! })),
    { title: `${names.join(', ')} on ${workload.title}`, subtitle },
  );
}
