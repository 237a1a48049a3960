/** What the referee knows of the requests, and what its rules are told. */

import type { Parameters } from '../scheduler/policy.js';

/** What a referee knows of a request. */
export interface KnownRequest {
  /** Its number in the order of arrival, from 0. */
  readonly id: number;
  readonly type: number;
  readonly arrivedNs: number;
  readonly demandNs: number;
  state: 'queued' | 'running' | 'left';
  /** Place in the {@link History} of its latest arrival or preemption; no two have the same. */
  enteredAt: number;
  receivedNs: number;
  /** Has it ever been started? */
  hasStarted?: true;
}

/** A running request with what it has received until now. */
export interface Running extends KnownRequest {
  readonly worker: number;
  readonly attainedNs: number;
  /** What it has received since its latest start. */
  readonly ranNs: number;
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

/** Notes that a property does not hold, with what happened. */
export type Violated = (property: string, story: string) => void;
