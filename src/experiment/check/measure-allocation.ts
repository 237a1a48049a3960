/** How much memory the simulator and a policy take per request once they are warm. */

import { getHeapStatistics } from 'node:v8';
import { makeSmallTrace } from '../../check/small-trace.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import { simulationOf } from '../../sim/simulation-setup.js';
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

/**
 * Bytes allocated per request in steady state, as the median over some rounds: a round in which V8 collects garbage or
 * compiles says nothing.
 *
 * @returns bytes per request; what allocates nothing is near 0, one object per request is 16 or more
 */
export function measureAllocation(chosen: ChosenPolicy): number {
  const trace = makeSmallTrace({
    ...{ types: TYPES, workers: WORKERS, load: 0.7, requests: ROUND, seed: 1, tickNs: 1, vary: true },
  });
  const simulation = simulationOf({
    policy: chosen,
    workers: WORKERS,
    types: Array.from({ length: TYPES }, (_, type) => ({ name: `T${type}`, deadlineNs: 1e6, sloNs: 1e5 })),
    hasUnknown: false,
    random: boxedNumbers(),
    trueProfile: { meanNs: [1000, 3000, 9000], ratio: [1 / 3, 1 / 3, 1 / 3] },
  });
  const batch = new RequestBatch(ROUND);
  batch.serviceNs.set(trace.serviceNs);
  batch.type.set(trace.type);
  batch.flow.set(trace.flow);
  batch.length = ROUND;
  const arrivalNs = Float64Array.from(trace.arrivalNs);
  let fromNs = 0;
  const playRound = () => {
    for (let i = 0; i < ROUND; i++) batch.arrivalNs[i] = fromNs + arrivalNs[i]!;
    fromNs = batch.arrivalNs[ROUND - 1]!;
    simulation.advance(batch, 0, ROUND);
  };
  for (let round = 0; round < WARM_ROUNDS; round++) playRound();
  const grown: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = getHeapStatistics().used_heap_size;
    playRound();
    grown.push(getHeapStatistics().used_heap_size - before);
  }
  const median = grown.sort((a, b) => a - b)[ROUNDS >> 1]!;
  return Math.max(0, median / ROUND);
}
