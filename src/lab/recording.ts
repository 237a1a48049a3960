/** What happened to each request in a stretch of a run, in typed arrays: the page draws it sixty times a second. */

import type { Timeline, TimelineReservation, TimelineRun } from '../metrics/timeline.js';

/** How a stretch on a worker ended. */
const ENDS = ['completed', 'preempted', 'runs on'] as const;
export const PREEMPTED = ENDS.indexOf('preempted');

/** Plain data, which goes from a worker to the page without being copied. */
export interface Recording {
  readonly fromNs: number;
  readonly toNs: number;
  readonly workers: number;
  readonly typeNames: readonly string[];
  /** Of every request up to the end, by its number in the trace. */
  readonly arrivalNs: Float64Array;
  readonly serviceNs: Float64Array;
  readonly type: Uint16Array;
  /** When it was done; NaN when that lies outside of the recording. */
  readonly doneNs: Float64Array;
  /** Stretches of requests on workers, by their beginning. */
  readonly runs: {
    readonly request: Int32Array;
    readonly worker: Uint16Array;
    readonly fromNs: Float64Array;
    readonly toNs: Float64Array;
    readonly end: Uint8Array;
    /** How many stretches of the request came before. */
    readonly part: Uint16Array;
  };
  readonly overheads: { readonly worker: Uint16Array; readonly fromNs: Float64Array; readonly toNs: Float64Array };
  /** Requests that wait from each moment on: `counts[i * types + type]`. */
  readonly waiting: { readonly atNs: Float64Array; readonly counts: Uint16Array };
  readonly dropsNs: Float64Array;
  readonly reservations: readonly TimelineReservation[];
  /** Does the policy serve all requests at once? There is nothing on any one worker then. */
  readonly sharing: boolean;
}

/** The requests of a trace up to the end of a recording. */
export interface RecordedRequests {
  readonly length: number;
  readonly arrivalNs: Float64Array;
  readonly serviceNs: Float64Array;
  readonly type: Uint16Array;
}

export function packRecording(timeline: Timeline, requests: RecordedRequests, sharing: boolean): Recording {
  const { runs, overheads, waiting, drops } = timeline;
  const types = timeline.typeNames.length;
  const doneNs = new Float64Array(requests.length).fill(Number.NaN);
  for (const { request, toNs, end } of runs) if (end === 'completed') doneNs[request] = toNs;
  const counts = new Uint16Array(waiting.length * types);
  waiting.forEach((step, i) => {
    counts.set(step.counts, i * types);
  });
  return {
    fromNs: timeline.fromNs,
    toNs: timeline.toNs,
    workers: timeline.workers,
    typeNames: timeline.typeNames,
    arrivalNs: requests.arrivalNs.slice(0, requests.length),
    serviceNs: requests.serviceNs.slice(0, requests.length),
    type: requests.type.slice(0, requests.length),
    doneNs,
    runs: {
      request: Int32Array.from(runs, ({ request }) => request),
      worker: Uint16Array.from(runs, ({ worker }) => worker),
      fromNs: Float64Array.from(runs, ({ fromNs }) => fromNs),
      toNs: Float64Array.from(runs, ({ toNs }) => toNs),
      end: Uint8Array.from(runs, ({ end }) => ENDS.indexOf(end)),
      part: Uint16Array.from(runs, ({ part }) => part),
    },
    overheads: {
      worker: Uint16Array.from(overheads, ({ worker }) => worker),
      fromNs: Float64Array.from(overheads, ({ fromNs }) => fromNs),
      toNs: Float64Array.from(overheads, ({ toNs }) => toNs),
    },
    waiting: { atNs: Float64Array.from(waiting, ({ atNs }) => atNs), counts },
    dropsNs: Float64Array.from(drops, ({ atNs }) => atNs),
    reservations: timeline.reservations,
    sharing,
  };
}

/** The memory of a recording, to hand it over. */
export function buffersOf(value: object): ArrayBuffer[] {
  return Object.values(value).flatMap((field): ArrayBuffer[] => {
    if (ArrayBuffer.isView(field)) return [field.buffer as ArrayBuffer];
    return typeof field === 'object' && field !== null && !Array.isArray(field) ? buffersOf(field) : [];
  });
}

/** The part of a recording in a window, as pictures in files and viewers take it. */
export function timelineOf(recording: Recording, fromNs: number, toNs: number): Timeline {
  const { runs, overheads, waiting, typeNames, workers, type, reservations } = recording;
  const types = typeNames.length;
  const isInside = (spans: { fromNs: Float64Array; toNs: Float64Array }, i: number) =>
    spans.toNs[i]! > fromNs && spans.fromNs[i]! < toNs;
  const stepOf = (i: number, atNs: number) => ({
    atNs,
    counts: [...waiting.counts.subarray(i * types, (i + 1) * types)],
  });
  const first = Math.max(0, firstAfter(waiting.atNs, fromNs) - 1);
  return {
    fromNs,
    toNs,
    workers,
    typeNames,
    runs: indices(runs.fromNs.length, (i) => isInside(runs, i)).map((i): TimelineRun => {
      const request = runs.request[i]!;
      return {
        worker: runs.worker[i]!,
        request,
        type: type[request]!,
        fromNs: runs.fromNs[i]!,
        toNs: runs.toNs[i]!,
        part: runs.part[i]!,
        end: ENDS[runs.end[i]!]!,
      };
    }),
    overheads: indices(overheads.fromNs.length, (i) => isInside(overheads, i)).map((i) => ({
      worker: overheads.worker[i]!,
      fromNs: overheads.fromNs[i]!,
      toNs: overheads.toNs[i]!,
    })),
    dispatcher: [],
    waiting: indices(waiting.atNs.length, (i) => i >= first && waiting.atNs[i]! < toNs).map((i) =>
      stepOf(i, Math.max(fromNs, waiting.atNs[i]!)),
    ),
    drops: [...recording.dropsNs].filter((atNs) => atNs >= fromNs && atNs < toNs).map((atNs) => ({ atNs, type: 0 })),
    steals: [],
    reservations: [
      ...reservations.filter(({ atNs }) => atNs <= fromNs).slice(-1),
      ...reservations.filter(({ atNs }) => atNs > fromNs && atNs < toNs),
    ],
  };
}

function indices(length: number, fits: (i: number) => boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < length; i++) if (fits(i)) found.push(i);
  return found;
}

/** Index of the first of ascending values that is above `value`; the length when none is. */
export function firstAfter(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How long a request was in the system without being served, ns; NaN when its end is not known. */
export function waitOf({ arrivalNs, doneNs, serviceNs }: Recording, request: number): number {
  return doneNs[request]! - arrivalNs[request]! - serviceNs[request]!;
}

/** Sojourn over service demand; NaN when its end is not known. */
export function slowdownOf({ arrivalNs, doneNs, serviceNs }: Recording, request: number): number {
  return (doneNs[request]! - arrivalNs[request]!) / serviceNs[request]!;
}

/** The request of a type that waited longest, of those that came within the recording; -1 when there is none. */
export function worstWait(recording: Recording, type: number): number {
  let worst = -1;
  const { arrivalNs, fromNs } = recording;
  for (let i = Math.max(0, firstAfter(arrivalNs, fromNs) - 1); i < arrivalNs.length; i++) {
    if (recording.type[i] !== type || Number.isNaN(recording.doneNs[i])) continue;
    if (worst < 0 || waitOf(recording, i) > waitOf(recording, worst)) worst = i;
  }
  return worst;
}

/** The stretches of a request, as indices into the runs. */
export function stretchesOf({ runs }: Recording, request: number): number[] {
  return indices(runs.request.length, (i) => runs.request[i] === request);
}

/**
 * What a request waited behind: for each of its waits, the stretches of other requests that held the worker which then
 * served it, as indices into the runs, the last one first.
 */
export function blockersOf(recording: Recording, request: number): number[] {
  const { runs, arrivalNs } = recording;
  let sinceNs = arrivalNs[request]!;
  return stretchesOf(recording, request).flatMap((own) => {
    const [fromNs, worker] = [runs.fromNs[own]!, runs.worker[own]!];
    const begun = sinceNs;
    sinceNs = runs.toNs[own]!;
    if (fromNs <= begun) return [];
    const held = indices(own, (i) => runs.worker[i] === worker && runs.request[i] !== request && runs.toNs[i]! > begun);
    return held.filter((i) => runs.fromNs[i]! < fromNs).reverse();
  });
}
