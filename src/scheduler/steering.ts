import type { ParameterSpec } from './policy.js';
import type { SchedulerSetup } from './scheduler.js';

/** How arriving requests are spread over the queues of the workers. */
export interface Steering {
  /** Returns the worker whose queue a request of this flow goes into. */
  workerFor(flow: number): number;
}

export const steeringChoice: ParameterSpec = {
  key: 'steering',
  kind: 'choice',
  choices: ['random', 'round-robin', 'hash'],
  default: 'random',
  help: 'how a request is dealt to a worker',
};

export const flowCount: ParameterSpec = {
  key: 'flows',
  kind: 'integer',
  min: 1,
  max: 2 ** 31 - 1,
  default: 1024,
  help: 'number of flows that steering=hash spreads over the workers',
};

export function createSteering(setup: SchedulerSetup, parameters: { steering: string; flows: number }): Steering {
  switch (parameters.steering) {
    case 'round-robin':
      return new RoundRobinSteering(setup.workers);
    case 'hash':
      return new HashSteering(setup.workers, parameters.flows);
    default:
      return new RandomSteering(setup.workers, setup.random);
  }
}

class RandomSteering implements Steering {
  constructor(
    private readonly workers: number,
    private readonly random: () => number,
  ) {}

  workerFor(_flow: number): number {
    return (this.random() * this.workers) | 0;
  }
}

class RoundRobinSteering implements Steering {
  private next = 0;

  constructor(private readonly workers: number) {}

  workerFor(_flow: number): number {
    const worker = this.next;
    this.next = worker + 1 === this.workers ? 0 : worker + 1;
    return worker;
  }
}

/**
 * As receive-side scaling of a network card does: all requests of a flow go to the same worker. With few flows, some
 * workers may get none.
 */
class HashSteering implements Steering {
  constructor(
    private readonly workers: number,
    private readonly flows: number,
  ) {}

  workerFor(flow: number): number {
    return (mix((flow >>> 0) % this.flows) >>> 0) % this.workers;
  }
}

/** Finaliser of MurmurHash3 (32 bit): every bit of the flow changes every bit of the hash with probability one half. */
function mix(flow: number): number {
  let h = Math.imul(flow ^ (flow >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
