/** What a simulation is made of. */

import type { Observer } from '../metrics/observer.js';
import { plainParameters } from '../scheduler/policy.js';
import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import type { Scheduler, TrueProfile, TypeInfo } from '../scheduler/scheduler.js';
import { typeNames } from '../units/unknown.js';
import type { Random } from '../workload/random.js';
import { BATCH_CAPACITY } from '../workload/request-source.js';
import { costsOf, NO_COSTS, type SystemCosts, wholeHandoffNs } from './costs.js';
import { createSimulation, initialSlots, type Simulation, type Snapshot } from './simulation.js';

/** Samples of the queues in a short run. */
const LOOKS = 4096;

/** What a simulation needs. */
export interface SimulationSetup {
  readonly policy: ChosenPolicy;
  readonly workers: number;
  /** The types the scheduler is told of. */
  readonly types: readonly TypeInfo[];
  /** Does the trace hold requests of the type UNKNOWN, with index `types.length`? */
  readonly hasUnknown: boolean;
  /** Uniform on [0, 1): the `stealing` substream. */
  readonly random: () => number;
  readonly trueProfile?: TrueProfile;
  /**
   * Workers that each type keeps busy, by index, if that is the same throughout the run; otherwise it is computed from
   * what arrives.
   */
  readonly demand?: readonly number[];
  /**
   * Share of the requests of each type whose type the scheduler is told; it sees the others as UNKNOWN, and what is
   * reported has their true type. Uniform random numbers decide.
   */
  readonly classifier?: { readonly recognised: readonly number[]; readonly random: Random };
  /** Costs of the system around the policy; default: only the policy's own preemptions and steals. */
  readonly costs?: SystemCosts;
  /** Random numbers for costs that vary; only these need it. */
  readonly costsRandom?: Random;
  /** Told what happens to each request; slow. */
  readonly observer?: Observer;
  /** Filled with the sojourn of each recorded request, by its number in the trace. */
  readonly sojournsNs?: Float64Array;
  /** About how many requests there will be. In a short run the queues are sampled more often. */
  readonly expectedRequests?: number;
  /** Will the simulation be played again? */
  readonly reusable?: boolean;
}

/**
 * The simulation of a policy, at time 0.
 *
 * @throws InputError when the policy's parameters do not fit the setup
 */
export function simulationOf(setup: SimulationSetup): Simulation {
  const { workers, types, random, trueProfile, observer, sojournsNs, expectedRequests, reusable = false } = setup;
  const { policy, parameters } = setup.policy;
  // With costs of zero, the loop of a system plays the same as the fast one, and can be observed.
  const stated = setup.costs ?? (observer && NO_COSTS);
  const costs = stated && costsOf(stated, setup.policy);
  const known = costs && { handoffNs: wholeHandoffNs(costs) };
  return createSimulation({
    workers,
    types: typeNames(setup).length,
    reusable,
    ...policy.costs?.(parameters),
    ...(sojournsNs && { sojournsNs }),
    ...(expectedRequests !== undefined && { expectedRequests }),
    ...(costs && {
      system: {
        costs,
        random: setup.costsRandom ?? noRandom,
        // A dispatcher that holds the queues starts every request.
        queues: costs.dispatcherQueues ? 'central' : policy.queues,
        ...(observer && { observer }),
      },
    }),
    createScheduler: (world, now, ideal) =>
      misclassifying(
        policy.create(
          { workers, types, world, now, random, ...ideal, ...known, ...(trueProfile && { trueProfile }) },
          parameters,
        ),
        setup,
      ),
  });
}

/** The scheduler, which is told of some requests that their type is UNKNOWN. */
function misclassifying(scheduler: Scheduler, { classifier, types }: SimulationSetup): Scheduler {
  if (!classifier) return scheduler;
  const { recognised, random } = classifier;
  const unknown = types.length;
  const arrive = scheduler.arrive.bind(scheduler);
  scheduler.arrive = (request, type, flow) => {
    const isMissed = type < unknown && recognised[type]! < 1 && random() >= recognised[type]!;
    arrive(request, isMissed ? unknown : type, flow);
  };
  return scheduler;
}

/** Gives a simulation for each run, one at a time: the last one again, when it fits. */
export interface SimulationStock {
  simulationOf(setup: SimulationSetup): Simulation;
  /** Will the next run find one that is slow? */
  isSpent(): boolean;
}

export function createSimulationStock(): SimulationStock {
  let kept: { readonly key: string; readonly simulation: Simulation; random: () => number } | undefined;

  return {
    simulationOf(setup) {
      if (setup.costs || setup.observer || setup.sojournsNs || setup.classifier) return simulationOf(setup);
      const { policy, workers, types, hasUnknown, trueProfile, expectedRequests } = setup;
      const { name } = policy.policy;
      const rows = initialSlots(expectedRequests);
      const key = JSON.stringify([
        name,
        plainParameters(policy.parameters),
        workers,
        types,
        hasUnknown,
        trueProfile,
        rows,
      ]);
      if (kept?.key === key && !kept.simulation.hasGrown()) {
        kept.random = setup.random;
        kept.simulation.reset();
        return kept.simulation;
      }
      const random = () => made.random();
      const simulation = simulationOf({ ...setup, random, reusable: true });
      const made = { key, simulation, random: setup.random };
      kept = made;
      return simulation;
    },
    isSpent: () => kept?.simulation.hasGrown() === true,
  };
}

function noRandom(): never {
  throw new Error('costs that vary need random numbers: expected costsRandom');
}

/**
 * Arrivals between two samples of the queues: a batch, or less in short runs. It divides a batch, so that the samples
 * are equally far apart.
 */
export function samplingStep(expectedRequests = Number.POSITIVE_INFINITY): number {
  const most = Math.min(BATCH_CAPACITY, expectedRequests / LOOKS);
  return 2 ** Math.max(0, Math.floor(Math.log2(most)));
}

/** Begins to record with the next arrival, after all that happens up to a time. Returns what there was. */
export function beginRecording(simulation: Simulation, atNs: number): Snapshot {
  simulation.advanceTo(atNs);
  const from = simulation.snapshot();
  simulation.startRecording();
  return from;
}
