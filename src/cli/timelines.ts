import type { Contender, Plan } from '../experiment/plan/plan-input.js';
import { contenderName, type RunSpec } from '../experiment/plan/run-spec.js';
import { runTimeline } from '../experiment/run/run-timeline.js';
import { writeOutput } from '../files/output-file.js';
import { MOST_RUNS, type Timeline } from '../metrics/timeline.js';
import { timelineSvg, windowText } from '../report/timeline/timeline-svg.js';
import { timelineTrace } from '../report/timeline/timeline-trace.js';
import { InputError } from '../units/errors.js';
import { complain } from './failure.js';
import { endingOf } from './output.js';
import type { SimSettings } from './settings.js';

const DEFAULT_FOR_NS = 1e6;

/** The part of a run that is drawn. */
export function timelineWindow({ fromNs = 0, forNs = DEFAULT_FOR_NS }: Pick<SimSettings, 'fromNs' | 'forNs'>): {
  fromNs: number;
  forNs: number;
} {
  return { fromNs, forNs };
}

/** A timeline to draw, already checked. */
export interface TimelineTask {
  readonly spec: RunSpec;
  readonly path: string;
}

/**
 * Plans the requested timelines, one per run.
 *
 * @throws InputError when they cannot be drawn
 */
export function planTimelines({ timeline: path, fromNs, forNs }: SimSettings, { specs }: Plan): TimelineTask[] {
  if (path === undefined) {
    const stray = fromNs !== undefined ? 'from' : forNs !== undefined ? 'for' : undefined;
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
  const paths = pathsFor(path, specs);
  return specs.map((spec, i) => ({ spec, path: paths[i]! }));
}

/**
 * Returns the file of each run: the given name, or with several runs the policy before the extension: `out-darc.svg`.
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
 * @throws InputError when a run ends before its timeline begins
 */
export async function writeTimelines(tasks: readonly TimelineTask[], settings: SimSettings, plan: Plan): Promise<void> {
  const window = timelineWindow(settings);
  for (const { spec, path } of tasks) {
    const timeline = await runTimeline(spec, window);
    if (timeline.toNs < window.fromNs + window.forNs) {
      complain(`warning: ${path}: has the first ${MOST_RUNS} stretches only, ${windowText(timeline)}`);
    }
    writeOutput(path, render(timeline, spec, path, plan));
  }
}

function render(timeline: Timeline, spec: RunSpec, path: string, { workload }: Plan): string {
  const title = `${contenderName(spec.policy.text, spec.system)} on ${workload.title}`;
  if (endingOf(path) === 'json') return timelineTrace(timeline, `psp: ${title}`);
  const load = Number.isFinite(workload.load) ? `load ${Number(workload.load.toPrecision(3))} · ` : '';
  const subtitle =
    `${spec.workers} ${spec.workers === 1 ? 'worker' : 'workers'} · ${load}seed ${spec.seed} · ` +
    `${windowText(timeline)}`;
  return timelineSvg(timeline, { title, subtitle });
}
