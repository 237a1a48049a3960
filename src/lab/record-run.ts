import type { Breach } from '../check/books.js';
import type { OpenWorkload } from '../experiment/plan/open-generated.js';
import type { RunSpec } from '../experiment/plan/run-spec.js';
import { setupOf } from '../experiment/run/play-run.js';
import { watchOver } from '../experiment/run/watch-over.js';
import { collectTimeline } from '../metrics/timeline.js';
import { usesFlows } from '../scheduler/policy-registry.js';
import { simulationOf } from '../sim/simulation-setup.js';
import { parseDuration } from '../units/duration.js';
import { typeNames as namesByIndex } from '../units/unknown.js';
import { RequestBatch } from '../workload/request-source.js';
import { packRecording, type Recording } from './recording.js';

/** Which requests to record. */
export interface RecordedPart {
  /** Requests before the first. */
  readonly skip: number;
  readonly count: number;
}

/** A promise that the policy broke. */
export interface BrokenPromise {
  readonly property: string;
  readonly story: string;
  readonly atNs: number;
  /** Its number in the trace, when the story names it. */
  readonly request?: number;
}

export interface RunRecording {
  readonly recording: Recording;
  readonly violation?: BrokenPromise;
}

/** Requests that are played between two looks at the referee. */
const LOOK_EVERY = 64;
/** What is shown around a broken promise, in mean times between two requests. */
const AROUND = 40;

/**
 * Simulates a run up to the end of a part of its requests, and records what happened to these. The decisions are those
 * of the whole run.
 *
 * @param isWatched with a referee, up to the first promise that is broken; that is recorded then instead
 */
export function recordRun(spec: RunSpec, workload: OpenWorkload, part: RecordedPart, isWatched: boolean): RunRecording {
  const requests = new RequestBatch(part.skip + part.count);
  void workload.source({ flows: usesFlows(spec.policy) }).fill(requests);
  const { arrivalNs, length } = requests;
  const first = Math.min(part.skip, length - 1);
  const whole = { fromNs: arrivalNs[first]!, toNs: arrivalNs[length - 1]! + 1 };
  const played = play(spec, workload, requests, whole, isWatched);
  if (!played.violation) return played;
  const { atNs } = played.violation;
  const aroundNs = (AROUND * arrivalNs[length - 1]!) / length;
  const around = { fromNs: Math.max(0, atNs - aroundNs), toNs: atNs + aroundNs };
  const { recording } = play(spec, workload, requests, around, true);
  return { recording, violation: played.violation };
}

function play(
  spec: RunSpec,
  workload: OpenWorkload,
  requests: RequestBatch,
  window: { fromNs: number; toNs: number },
  isWatched: boolean,
): RunRecording {
  const setup = setupOf(spec, workload);
  const watch = isWatched ? watchOver(spec.system !== undefined) : undefined;
  const { sharing = false } = setup.policy.policy;
  const { observer, finish } = collectTimeline({ ...window, workers: spec.workers, typeNames: namesByIndex(setup) });
  const simulation = simulationOf({
    ...setup,
    ...(watch && { policy: watch.watch(setup.policy) }),
    ...(!sharing && { observer }),
  });
  const step = watch ? LOOK_EVERY : requests.length;
  for (let at = 0; at < requests.length; at += step) {
    if (requests.arrivalNs[at]! >= window.toNs) break;
    simulation.advance(requests, at, Math.min(requests.length, at + step));
    const breach = watch?.violation();
    if (breach) return { recording: packed(simulation.snapshot().atNs), violation: placed(breach) };
  }
  simulation.advanceTo(window.toNs);
  const breach = watch?.violation();
  return { recording: packed(window.toNs), ...(breach && { violation: placed(breach) }) };

  function packed(untilNs: number): Recording {
    const timeline = finish(simulation.reservations());
    return packRecording(
      { ...timeline, toNs: Math.min(timeline.toNs, Math.max(untilNs, window.fromNs + 1)) },
      requests,
      sharing,
    );
  }
}

/** With the moment that its story begins with. */
function placed(breach: Breach): BrokenPromise {
  const [, at] = /^at ([\d.]+ \w+)/.exec(breach.story) ?? [];
  const request = /request (\d+)/.exec(breach.story)?.[1];
  return {
    ...breach,
    atNs: at === undefined ? 0 : parseDuration(at),
    ...(request !== undefined && { request: Number(request) }),
  };
}
