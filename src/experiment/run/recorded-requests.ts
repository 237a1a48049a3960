/** The requests of a recording: when they came, how long workers were busy with them, and when they were done. */

import { EventKind } from '../../events/event.js';
import { openEventFile } from '../../events/event-file.js';
import { createBooks } from '../../events/replay-books.js';
import type { EventFileHeader } from '../../results/event-header.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';

/** A stretch in which a worker was busy with a request. */
export interface Stretch {
  readonly request: number;
  readonly worker: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** By the number of the request, in the order of arrival; times as they would be without dilation, ns. */
export interface PlayedRequests {
  readonly header: EventFileHeader;
  readonly names: readonly string[];
  readonly type: readonly number[];
  readonly arrivalNs: readonly number[];
  /** Time that workers were busy with it; 0 when it never ran. */
  readonly busyNs: readonly number[];
  /** NaN for a request that was not done when the recording ended, or was dropped. */
  readonly doneNs: readonly number[];
  readonly dropped: number;
  readonly stretches: readonly Stretch[];
}

/** @throws InputError when the file is missing, damaged, has a gap, or shares its workers among all requests */
export function recordedRequests(path: string): PlayedRequests {
  const file = open(path);
  try {
    const { header } = file;
    const scale = (ns: number) => ns / header.dilation;
    const type: number[] = [];
    const arrivalNs: number[] = [];
    const busyNs: number[] = [];
    const doneNs: number[] = [];
    const stretches: Stretch[] = [];
    const on = new Map<number, { request: number; fromNs: number }>();
    let dropped = 0;
    const books = createBooks(header.workers, {
      arrives(request, kind, atNs) {
        type[request] = kind;
        arrivalNs[request] = Math.round(scale(atNs));
        busyNs[request] = 0;
        doneNs[request] = Number.NaN;
      },
      starts(worker, request, _kind, atNs) {
        on.set(worker, { request, fromNs: atNs });
      },
      stops(worker, atNs, isDone) {
        const running = on.get(worker);
        if (!running) return;
        const { request, fromNs } = running;
        on.delete(worker);
        busyNs[request]! += scale(atNs - fromNs);
        stretches.push({ request, worker, fromNs: scale(fromNs), toNs: scale(atNs) });
        if (isDone) doneNs[request] = scale(atNs);
      },
      drops() {
        dropped++;
      },
      steals() {},
      dispatcher() {},
    });
    for (const { count, kind, a, b, timeNs } of file.blocks()) {
      for (let i = 0; i < count; i++) note(kind[i]!, a[i]!, b[i]!, timeNs[i]!);
    }
    return {
      ...{ header, type, arrivalNs, busyNs, doneNs, dropped, stretches },
      names: typeNames({ types: header.types, hasUnknown: true }),
    };

    function note(what: number, first: number, second: number, atNs: number): void {
      if (what === EventKind.arrive) books.arrive(first, second, atNs);
      else if (what === EventKind.start) books.start(first, second, atNs);
      else if (what === EventKind.drop) books.drop(first, atNs);
      else if (what === EventKind.leaves) books.leaves(first, second === 1, atNs);
      else if (what === EventKind.complete) books.complete(first, atNs);
      else if (what === EventKind.preempted) books.preempted(first, atNs);
      else if (what === EventKind.completeAt) {
        throw new InputError(`${path}: recorded under a policy that serves all requests at once: it has no demands`);
      } else if (what === EventKind.gap) {
        throw new InputError(`${path}: expected a recording without gaps, found one: record with a faster disk`);
      }
    }
  } finally {
    file.close();
  }
}

function open(path: string) {
  try {
    return openEventFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be read: ${(error as Error).message.split(', ')[0]}`);
  }
}

/** Why a request took long. */
export interface Blame {
  readonly type: string;
  readonly request: number;
  readonly arrivalNs: number;
  readonly sojournNs: number;
  readonly busyNs: number;
  /** Times it was taken off a worker. */
  readonly preempted: number;
  /** Worker time of its wait by what the workers did: each type by name, and `idle`. Shares that sum to 1. */
  readonly behind: readonly { readonly what: string; readonly share: number }[];
}

/** The worst requests of each type by their sojourn, and what each waited behind. */
export function blame(requests: PlayedRequests, count: number): Blame[] {
  const { header, names, type, arrivalNs, busyNs, doneNs, stretches } = requests;
  return names.flatMap((name, kind) => {
    const worst = [...doneNs.keys()]
      .filter((i) => type[i] === kind && Number.isFinite(doneNs[i]))
      .sort((a, b) => doneNs[b]! - arrivalNs[b]! - (doneNs[a]! - arrivalNs[a]!))
      .slice(0, count);
    return worst.map((request): Blame => {
      const [from, to] = [arrivalNs[request]!, doneNs[request]!];
      const own = stretches.filter((each) => each.request === request);
      const byType = new Map<string, number>();
      // The wait is what is left of its time without its own stretches.
      const waits = gapsBetween(from, to, own);
      let known = 0;
      for (const { request: other, fromNs, toNs } of stretches) {
        if (other === request || toNs <= from || fromNs >= to) continue;
        const overlap = waits.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, toNs) - Math.max(a, fromNs)), 0);
        if (overlap === 0) continue;
        const what = names[type[other]!]!;
        byType.set(what, (byType.get(what) ?? 0) + overlap);
        known += overlap;
      }
      const all = header.workers * waits.reduce((sum, [a, b]) => sum + b - a, 0);
      byType.set('idle', Math.max(0, all - known));
      return {
        ...{ type: name, request, arrivalNs: from, sojournNs: to - from, busyNs: busyNs[request]! },
        preempted: own.length - 1,
        behind: [...byType]
          .map(([what, ns]) => ({ what, share: all > 0 ? ns / all : 0 }))
          .filter(({ share }) => share > 0.005)
          .sort((a, b) => b.share - a.share),
      };
    });
  });
}

function gapsBetween(from: number, to: number, own: readonly Stretch[]): [number, number][] {
  const gaps: [number, number][] = [];
  let at = from;
  for (const { fromNs, toNs } of own) {
    if (fromNs > at) gaps.push([at, fromNs]);
    at = Math.max(at, toNs);
  }
  if (to > at) gaps.push([at, to]);
  return gaps;
}
