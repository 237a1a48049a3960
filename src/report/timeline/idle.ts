import type { Span, Timeline } from '../../metrics/timeline.js';

export interface IdleSpan extends Span {
  readonly worker: number;
}

/** When each worker was idle while a request waited, in the window. */
export function idleWhileWaiting(timeline: Timeline): IdleSpan[] {
  const queued = whenWaiting(timeline);
  const busy = Array.from({ length: timeline.workers }, (): Span[] => []);
  // What the dispatcher runs itself is on no worker.
  for (const { worker, fromNs, toNs } of [...timeline.runs, ...timeline.overheads])
    busy[worker]?.push({ fromNs, toNs });
  return busy.flatMap((spans, worker) => {
    spans.sort((a, b) => a.fromNs - b.fromNs);
    const idle = gaps(spans, timeline);
    return overlaps(idle, queued).map((span) => ({ worker, ...span }));
  });
}

/** When at least one request waited. */
function whenWaiting({ waiting, toNs }: Timeline): Span[] {
  const spans: { fromNs: number; toNs: number }[] = [];
  for (const [i, { atNs, counts }] of waiting.entries()) {
    if (counts.every((count) => count === 0)) continue;
    const untilNs = waiting[i + 1]?.atNs ?? toNs;
    const last = spans.at(-1);
    if (last?.toNs === atNs) last.toNs = untilNs;
    else spans.push({ fromNs: atNs, toNs: untilNs });
  }
  return spans;
}

/** The parts of the window outside of all spans; the spans are in the order of their beginning. */
function gaps(spans: readonly Span[], { fromNs, toNs }: Timeline): Span[] {
  const free: Span[] = [];
  let at = fromNs;
  for (const span of spans) {
    if (span.fromNs > at) free.push({ fromNs: at, toNs: Math.min(span.fromNs, toNs) });
    at = Math.max(at, span.toNs);
  }
  if (at < toNs) free.push({ fromNs: at, toNs });
  return free;
}

/** Where spans of both lists overlap. The spans of each list are in the order of time and do not overlap. */
function overlaps(a: readonly Span[], b: readonly Span[]): Span[] {
  const both: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const fromNs = Math.max(a[i]!.fromNs, b[j]!.fromNs);
    const toNs = Math.min(a[i]!.toNs, b[j]!.toNs);
    if (toNs > fromNs) both.push({ fromNs, toNs });
    if (a[i]!.toNs < b[j]!.toNs) i++;
    else j++;
  }
  return both;
}
