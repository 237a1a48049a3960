/** How much memory a policy takes per request once it is warm. */

import { getHeapStatistics } from 'node:v8';
import { makeSmallTrace } from '../../check/small-trace.js';
import { EventKind, type EventSink } from '../../events/event.js';
import { tapped } from '../../events/tap.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import { grown } from '../../scheduler/queues.js';
import type { Scheduler, World } from '../../scheduler/scheduler.js';
import { simulationOf } from '../../sim/simulation-setup.js';
import { float64s } from '../../units/arrays.js';
import { substream } from '../../workload/random.js';
import { RequestBatch } from '../../workload/request-source.js';

const WORKERS = 14;
const TYPES = 3;
/** Requests between two looks at the heap; each look allocates a few hundred bytes itself. */
const ROUND = 20_000;
const WARM_ROUNDS = 15;
const ROUNDS = 15;

/** Random numbers that are objects on the heap already, so that those a policy draws are not counted as its own. */
function boxedNumbers(): () => number {
  const random = substream(1, 'stealing');
  // An array that also holds something else has a pointer to each number; one of numbers only would copy them.
  const boxed: unknown[] = [undefined, ...Array.from({ length: 4095 }, random)];
  let at = 0;
  return () => {
    at = (at % 4095) + 1;
    return boxed[at] as number;
  };
}

/** What a scheduler was told in a round of requests: the kind of the call, its first three arguments, and a time. */
class Calls implements EventSink {
  private kinds = new Uint8Array(2 ** 18);
  private integers = new Int32Array(3 * 2 ** 18);
  private cells = new Float64Array(2 ** 18);
  private count = 0;

  write(kind: EventKind, a: number, b: number, c: number, cell: Float64Array): void {
    if (this.count === this.kinds.length) {
      this.kinds = grown(this.kinds, this.count);
      this.integers = grown(this.integers, 3 * this.count);
      this.cells = grown(this.cells, this.count);
    }
    const at = this.count++;
    this.kinds[at] = kind;
    this.integers[3 * at] = a;
    this.integers[3 * at + 1] = b;
    this.integers[3 * at + 2] = c;
    this.cells[at] = cell[0]!;
  }

  /** Tells another scheduler the same, and forgets it. */
  replay(scheduler: Scheduler, now: Float64Array, demandNs: Float64Array): void {
    const { kinds, integers, cells, count } = this;
    for (let i = 0; i < count; i++) {
      const kind = kinds[i]!;
      const first = integers[3 * i]!;
      const second = integers[3 * i + 1]!;
      if (kind === EventKind.demand) demandNs[0] = cells[i]!;
      else now[0] = cells[i]!;
      if (kind === EventKind.arrive) scheduler.arrive(first, second, integers[3 * i + 2]!);
      else if (kind === EventKind.complete) scheduler.complete(first);
      else if (kind === EventKind.sliceExpired) scheduler.sliceExpired(first);
      else if (kind === EventKind.preempted) scheduler.preempted(first);
      else if (kind === EventKind.leaves) scheduler.leaves!(first, second === 1);
      else if (kind === EventKind.dispatch) scheduler.dispatch();
    }
    this.count = 0;
  }
}

/** A world that does nothing: what a scheduler answers is known already. */
const NO_WORLD: World = {
  start: () => {},
  preempt: () => {},
  dealt: () => {},
  drop: () => {},
  stole: () => {},
  reserved: () => {},
  completeAt: () => {},
};

/**
 * Bytes that a policy allocates per request in steady state, as the median over some rounds: a round in which V8
 * collects garbage or compiles says nothing. A simulation plays each round, and a second scheduler is told the same.
 * Only the second one is measured, because the simulator's loop allocates where V8 does not inline all of it.
 *
 * @returns bytes per request; what allocates nothing is near 0, one object per request is 16 or more
 */
export function measureAllocation({ policy, parameters }: ChosenPolicy): number {
  const trace = makeSmallTrace({
    ...{ types: TYPES, workers: WORKERS, load: 0.7, requests: ROUND, seed: 1, tickNs: 1, vary: true },
  });
  const calls = new Calls();
  const types = Array.from({ length: TYPES }, (_, type) => ({ name: `T${type}`, deadlineNs: 1e6, sloNs: 1e5 }));
  const known = { workers: WORKERS, types, trueProfile: { meanNs: [1000, 3000, 9000], ratio: [1 / 3, 1 / 3, 1 / 3] } };
  const simulation = simulationOf({
    ...known,
    policy: { policy: tapped(policy, calls), parameters },
    hasUnknown: false,
    random: boxedNumbers(),
  });
  const [now, demandNs, completionNs] = [float64s(1), float64s(1), float64s(1)];
  const told = policy.create(
    { ...known, world: NO_WORLD, now, demandNs, completionNs, random: boxedNumbers() },
    parameters,
  );
  const batch = new RequestBatch(ROUND);
  batch.serviceNs.set(trace.serviceNs);
  batch.type.set(trace.type);
  batch.flow.set(trace.flow);
  batch.length = ROUND;
  const arrivalNs = Float64Array.from(trace.arrivalNs);
  let fromNs = 0;
  const grownBy: number[] = [];
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    for (let i = 0; i < ROUND; i++) batch.arrivalNs[i] = fromNs + arrivalNs[i]!;
    fromNs = batch.arrivalNs[ROUND - 1]!;
    simulation.advance(batch, 0, ROUND);
    const before = getHeapStatistics().used_heap_size;
    calls.replay(told, now, demandNs);
    if (round >= 0) grownBy.push(getHeapStatistics().used_heap_size - before);
  }
  const median = grownBy.sort((a, b) => a - b)[ROUNDS >> 1]!;
  return Math.max(0, median / ROUND);
}
