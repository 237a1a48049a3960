/** What the referee knows of the requests: who waits, who runs, and who of each type has waited longest. */

import type { Parameters } from '../scheduler/policy.js';
import type { TypeInfo } from '../scheduler/scheduler.js';

/** What a referee knows of a request. */
export interface KnownRequest {
  /** Its number in the order of arrival, from 0. */
  readonly id: number;
  readonly type: number;
  readonly arrivedNs: number;
  readonly demandNs: number;
  state: 'queued' | 'running' | 'left';
  /** Place in the {@link History} of its latest arrival or preemption. */
  enteredAt: number;
  receivedNs: number;
}

/** A running request with what it has received until now. */
export interface Running extends KnownRequest {
  readonly worker: number;
  readonly attainedNs: number;
  /** What it has received since its latest start. */
  readonly ranNs: number;
}

/** The books at one moment: who runs and who waits. */
export interface RefereeBooks {
  readonly parameters: Parameters;
  readonly types: readonly TypeInfo[];
  readonly waiting: readonly KnownRequest[];
  readonly running: readonly Running[];
  /** What the completed requests of a type received on average, ns, by type; only where nothing is preempted. */
  readonly means: ReadonlyMap<number, { readonly meanNs: number; readonly count: number }>;
}

/** All that happened, in order. */
export interface History {
  readonly workers: number;
  readonly parameters: Parameters;
  readonly events: readonly HistoryEvent[];
}

export interface HistoryEvent {
  readonly what: 'arrived' | 'started' | 'slice ended' | 'preempted' | 'left';
  /** The request. */
  readonly id: number;
  /** Only for a start. */
  readonly worker?: number;
  /** Only for an arrival: the random numbers drawn for it. */
  readonly draws?: readonly number[];
}

/** A property that does not hold, and what happened, as a sentence. */
export interface Breach {
  readonly property: string;
  readonly story: string;
}

/** All requests of one type in the order of their arrival, from the first that has not left. */
interface Line {
  readonly requests: KnownRequest[];
  /** No request before this index waits. */
  first: number;
}

/** Lines with more than this many requests before the first that waits are cut. */
const MOST_GONE = 1024;

/** Finds who waits without a look at each request, because a run that is watched may have millions. */
export interface WaitingLines {
  add(request: KnownRequest): void;
  /** Call it when a request that has started waits again. */
  back(request: KnownRequest): void;
  /** Of each type with a waiting request, the one that arrived first. */
  oldest(): readonly KnownRequest[];
  oldestOf(type: number): KnownRequest | undefined;
}

export function createWaitingLines(): WaitingLines {
  const lines = new Map<number, Line>();

  function lineOf(type: number): Line {
    const line = lines.get(type) ?? { requests: [], first: 0 };
    lines.set(type, line);
    return line;
  }

  function oldestOf(type: number): KnownRequest | undefined {
    const line = lineOf(type);
    const { requests } = line;
    while (line.first < requests.length && requests[line.first]!.state !== 'queued') line.first++;
    if (line.first > MOST_GONE) {
      const here = requests.findIndex(({ state }) => state !== 'left');
      const gone = Math.min(line.first, here < 0 ? requests.length : here);
      if (gone > MOST_GONE) {
        requests.splice(0, gone);
        line.first -= gone;
      }
    }
    return requests[line.first];
  }

  return {
    add: (request) => lineOf(request.type).requests.push(request),
    back(request) {
      const line = lineOf(request.type);
      // By halves: the requests of a line are in the order of their numbers.
      let [low, high] = [0, line.requests.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (line.requests[middle]!.id < request.id) low = middle + 1;
        else high = middle;
      }
      line.first = Math.min(line.first, low);
    },
    oldest: () => [...lines.keys()].flatMap((type) => oldestOf(type) ?? []),
    oldestOf,
  };
}
