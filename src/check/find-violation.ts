/** Looks for a case in which a policy breaks a promise. Uses nothing of Node. */

import type { RunRecord } from '../metrics/run-record.js';
import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import { usesFlows } from '../scheduler/policy-registry.js';
import { InputError } from '../units/errors.js';
import type { Breach } from './books.js';
import { type CheckCase, costsFrom, drawCase, shrinkCase } from './check-case.js';
import { play } from './play.js';
import { type Departure, type Referee, spacedDuration } from './referee.js';
import { makeSmallTrace, type SmallTrace } from './small-trace.js';

/** A breach with what the policy threw, if it threw. */
export interface CaseBreach extends Breach {
  readonly cause?: unknown;
}

/** A broken promise, with the simplest case found that shows it. */
export interface Violation extends CaseBreach {
  readonly simplest: CheckCase;
  /** The random case in which it was found. */
  readonly first: CheckCase;
}

export interface FindOptions {
  /** Of the random cases; default: 1. */
  readonly seed?: string | number;
  /** How many random cases; default: 100. */
  readonly runs?: number;
  /** Told the number of cases done, now and then. */
  readonly onProgress?: (done: number) => void;
  /** Told of each case before it is played. */
  readonly onCase?: (given: CheckCase) => void;
}

export interface Findings {
  /** Cases that were played, and requests in them. */
  readonly cases: number;
  readonly requests: number;
  /** Cases that the policy refused with an InputError, such as too few workers. */
  readonly refused: number;
  readonly violation?: Violation;
}

/** One in so many random cases is played again, to see whether the same comes out. */
const PLAYED_TWICE = 4;

/**
 * Plays random cases until one breaks a promise, and then looks for the simplest case that does.
 *
 * @throws InputError when the policy refuses every case
 */
export async function findViolation(chosen: ChosenPolicy, options: FindOptions = {}): Promise<Findings> {
  const { seed = 1, runs = 100, onProgress, onCase } = options;
  let [requests, refused] = [0, 0];
  let refusal: InputError | undefined;
  for (let number = 0; number < runs; number++) {
    const first = drawCase(seed, number);
    // Each takes another two or three plays.
    const twice = number % PLAYED_TWICE === 0;
    onCase?.(first);
    const outcome = await judgeCase(chosen, first, { twice });
    onProgress?.(number + 1);
    if (outcome instanceof InputError) {
      refused++;
      refusal = outcome;
      continue;
    }
    requests += first.requests;
    if (!outcome) continue;
    let breach = outcome;
    const simplest = await shrinkCase(first, async (each) => {
      onCase?.(each);
      const other = await judgeCase(chosen, each, { twice });
      if (other === undefined || other instanceof InputError || other.property !== outcome.property) return false;
      breach = other;
      return true;
    });
    const violation = { ...breach, simplest, first };
    return { cases: number + 1 - refused, requests, refused, violation };
  }
  if (refused === runs && refusal) throw refusal;
  return { cases: runs - refused, requests, refused };
}

/**
 * What is wrong with how a policy plays a case; undefined when all promises hold.
 *
 * @param twice also play it again, as it is and with what must not matter changed
 * @returns the InputError with which the policy refuses the case, if it does
 */
export async function judgeCase(
  chosen: ChosenPolicy,
  given: CheckCase,
  { twice = true } = {},
): Promise<CaseBreach | InputError | undefined> {
  const trace = makeSmallTrace(given);
  const { types, unknown, silent, costs } = given;
  const options = {
    workers: given.workers,
    types: types + silent,
    unknown,
    ...(given.deadlines && { typeInfo: (type: number) => ({ deadlineNs: 5000 + 1700 * ((type * 7) % 5) }) }),
    ...(costs > 0 && !chosen.policy.sharing && { costs: costsFrom(costs) }),
  };
  try {
    const { referee, record } = await play(chosen, trace, options);
    const breach = referee.violations[0] ?? recordBreach(referee, record, trace, 'costs' in options);
    if (breach || !twice) return breach;
    for (const { property, change, why } of changesThatMustNotMatter(chosen, types)) {
      const other = await play(chosen, change(trace), options);
      const story = differenceOf(referee.departures, other.referee.departures);
      if (story !== undefined) return { property, story: `${story}, ${why}` };
    }
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error;
    const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { property: 'throws nothing', story: `the policy threw ${told}`, cause: error };
  }
}

interface Change {
  readonly property: string;
  readonly change: (trace: SmallTrace) => SmallTrace;
  readonly why: string;
}

/** What may not change when each request completes where. */
function changesThatMustNotMatter(chosen: ChosenPolicy, types: number): Change[] {
  const again = { property: 'deterministic', change: (trace: SmallTrace) => trace, why: 'with the same requests' };
  const typeless = {
    property: 'needsTypes: false',
    change: (trace: SmallTrace) => ({ ...trace, type: trace.type.map((type) => types - 1 - type) }),
    why: 'when only the types of the requests are others',
  };
  const flowless = {
    property: 'needsFlows: false',
    change: (trace: SmallTrace) => ({ ...trace, flow: trace.flow.map((flow) => (flow ^ 0x5bd1e995) >>> 0) }),
    why: 'when only the flows of the requests are others',
  };
  return [
    again,
    ...(chosen.policy.needsTypes || types === 1 ? [] : [typeless]),
    ...(usesFlows(chosen) ? [] : [flowless]),
  ];
}

function differenceOf(one: readonly Departure[], other: readonly Departure[]): string | undefined {
  const end = ({ worker, atNs }: Departure) => `on worker ${worker} at ${spacedDuration(atNs)}`;
  for (const [i, departure] of one.entries()) {
    const second = other.find(({ id }) => id === departure.id);
    if (!second) return `request ${departure.id} completed ${end(departure)} in one run and never in another`;
    if (second.worker === departure.worker && second.atNs === departure.atNs && other[i]?.id === departure.id) continue;
    return `request ${departure.id} completed ${end(departure)} in one run and ${end(second)} in another`;
  }
  return undefined;
}

/** Is what was recorded what happened? Sums must agree exactly. */
function recordBreach(referee: Referee, record: RunRecord, trace: SmallTrace, toldLate: boolean): Breach | undefined {
  const wrong = (story: string): Breach => ({ property: 'conservation', story });
  const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
  if (record.inFlight > 0) return wrong(`${record.inFlight} requests never left`);
  if (sum(record.dropped) !== referee.dropped.length) return wrong('drops were miscounted');
  for (const [type, { sojournNs, serviceNs }] of record.histograms.entries()) {
    const arrived = trace.type.filter((each) => each === type).length;
    const [completed, dropped] = [record.completed[type]!, record.dropped[type]!];
    if (record.arrived[type] !== arrived || completed + dropped !== arrived)
      return wrong(`${arrived} requests of type ${type} came, ${completed} completed, ${dropped} were dropped`);
    const departures = referee.departures.filter((departure) => departure.type === type);
    if (departures.length !== completed)
      return wrong(`${departures.length} requests of type ${type} left, ${completed} were counted`);
    if (serviceNs.sum !== sum(departures.map(({ id }) => trace.serviceNs[id]!)))
      return wrong(`the service of type ${type} was recorded wrongly`);
    if (!toldLate && sojournNs.sum !== sum(departures.map(({ id, atNs }) => atNs - trace.arrivalNs[id]!)))
      return wrong(`the sojourns of type ${type} were recorded wrongly`);
  }
  // Little's law, of a run that begins and ends empty: the mean number in the system is the rate times the mean
  // sojourn.
  const sojournNs = sum(record.histograms.map((each) => each.sojournNs.sum));
  return toldLate || referee.areaNs === sojournNs + referee.droppedNs
    ? undefined
    : wrong(`the requests were in the system for ${referee.areaNs} ns, but their sojourns sum to ${sojournNs} ns`);
}
