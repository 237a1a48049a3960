import type { Timeline, TimelineRun } from '../../metrics/timeline.js';
import { formatGroups } from '../text/reserved-workers.js';

/** An event of the Trace Event Format, which ui.perfetto.dev and chrome://tracing open; times in us. */
export type TraceEvent = {
  readonly name: string;
  readonly ph: 'X' | 'M' | 'C' | 'i' | 's' | 't' | 'f';
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly cname?: string;
  readonly id?: number;
  readonly s?: 'p' | 't';
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
};

/** The dispatcher has the first row, the workers those after it. */
const DISPATCHER = 1;
const rowOf = (worker: number) => worker + 2;

/**
 * Names of colours in the format. Perfetto ignores them and chooses a colour by the name of a slice; in both viewers a
 * type has one colour.
 */
const COLOURS = ['thread_state_running', 'thread_state_iowait', 'rail_animation', 'cq_build_passed', 'yellow', 'olive'];

/** A timeline as a Trace Event Format document. */
export function timelineTrace(timeline: Timeline, title: string): string {
  return stackedTimelineTrace([{ timeline, title }]);
}

/** Timelines with one time axis as a Trace Event Format document: each is a process, and its workers are threads. */
export function stackedTimelineTrace(
  shown: readonly { readonly timeline: Timeline; readonly title: string }[],
): string {
  const events = [
    ...shown.flatMap(({ timeline, title }, i) => rows(timeline, title, i + 1)),
    ...shown.flatMap(({ timeline }, i) => happenings(timeline, i + 1)).sort((a, b) => a.ts! - b.ts!),
  ];
  // One event per line, because people read such files.
  return `{"displayTimeUnit":"ns","traceEvents":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

function rows({ workers, dispatcher }: Timeline, title: string, pid: number): TraceEvent[] {
  const row = (tid: number, name: string): TraceEvent[] => [
    { name: 'thread_name', ph: 'M', pid, tid, args: { name } },
    { name: 'thread_sort_index', ph: 'M', pid, tid, args: { sort_index: tid } },
  ];
  return [
    { name: 'process_name', ph: 'M', pid, args: { name: title } },
    ...(dispatcher.length > 0 ? row(DISPATCHER, 'dispatcher') : []),
    ...Array.from({ length: workers }, (_, worker) => row(rowOf(worker), `worker ${worker}`)).flat(),
  ];
}

function happenings(timeline: Timeline, pid: number): TraceEvent[] {
  const { fromNs, toNs, typeNames } = timeline;
  const us = (ns: number) => ns / 1000;
  const clipped = (span: { fromNs: number; toNs: number }) => {
    const ts = Math.max(fromNs, span.fromNs);
    return { ts: us(ts), dur: us(Math.min(toNs, span.toNs) - ts) };
  };
  const instant = { ph: 'i', s: 'p', pid, tid: DISPATCHER } as const;
  return [
    ...timeline.runs.map(
      (run): TraceEvent => ({
        name: typeNames[run.type]!,
        cat: 'request',
        ph: 'X',
        pid,
        // The dispatcher's number follows those of the workers.
        tid: run.worker < timeline.workers ? rowOf(run.worker) : DISPATCHER,
        ...clipped(run),
        cname: COLOURS[run.type % COLOURS.length]!,
        args: { request: run.request, part: run.part, end: run.end },
      }),
    ),
    ...resumptions(timeline, pid),
    ...timeline.overheads.map(
      ({ worker, ...span }): TraceEvent => ({
        name: 'overhead',
        cat: 'overhead',
        ph: 'X',
        pid,
        tid: rowOf(worker),
        ...clipped(span),
        cname: 'grey',
      }),
    ),
    ...timeline.dispatcher.map(
      (span): TraceEvent => ({
        name: 'busy',
        cat: 'dispatcher',
        ph: 'X',
        pid,
        tid: DISPATCHER,
        ...clipped(span),
        cname: 'grey',
      }),
    ),
    ...timeline.waiting.map(
      ({ atNs, counts }): TraceEvent => ({
        name: 'waiting',
        ph: 'C',
        pid,
        ts: us(atNs),
        args: Object.fromEntries(counts.map((count, type) => [typeNames[type]!, count])),
      }),
    ),
    ...timeline.reservations.map(
      ({ atNs, groups }): TraceEvent => ({
        ...instant,
        name: `reserved: ${formatGroups(named(groups, typeNames))}`,
        cat: 'reservation',
        ts: us(Math.max(fromNs, atNs)),
        args: { groups: named(groups, typeNames) },
      }),
    ),
    ...timeline.drops.map(
      ({ atNs, type }): TraceEvent => ({ ...instant, name: `dropped ${typeNames[type]}`, cat: 'drop', ts: us(atNs) }),
    ),
    ...timeline.steals.map(
      ({ atNs, thief, victim, count }): TraceEvent => ({
        ...instant,
        name: 'steal',
        cat: 'steal',
        s: 't',
        tid: rowOf(thief),
        ts: us(atNs),
        args: { from: `worker ${victim}`, requests: count },
      }),
    ),
  ];
}

function named(groups: Timeline['reservations'][number]['groups'], typeNames: readonly string[]) {
  return groups.map(({ types, workers }) => ({ types: types.map((type) => typeNames[type]!), workers }));
}

/** Arrows from each stretch of a preempted request to the next. */
function resumptions({ runs, fromNs, toNs }: Timeline, pid: number): TraceEvent[] {
  const stretches = new Map<number, TimelineRun[]>();
  for (const run of runs) {
    if (run.part === 0 && run.end !== 'preempted') continue;
    const before = stretches.get(run.request);
    if (before) before.push(run);
    else stretches.set(run.request, [run]);
  }
  const arrow = { name: 'resumes', cat: 'preemption', pid } as const;
  // Arrows of two processes have different numbers.
  const firstId = (pid - 1) * 2 ** 31;
  return [...stretches].flatMap(([request, all]) =>
    all.length < 2
      ? []
      : all.map((run, i): TraceEvent => {
          const tid = rowOf(run.worker);
          const id = firstId + request;
          // An arrow belongs to the slice that its end is in.
          if (i === 0) return { ...arrow, ph: 's', id, tid, ts: (Math.min(run.toNs, toNs) - 1) / 1000 };
          const ts = Math.max(run.fromNs, fromNs) / 1000;
          return i < all.length - 1 ? { ...arrow, ph: 't', id, tid, ts } : { ...arrow, ph: 'f', bp: 'e', id, tid, ts };
        }),
  );
}
