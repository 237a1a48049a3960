import type { Policy } from '../scheduler/policy.js';
import type { Reservation, Scheduler, SchedulerSetup, World } from '../scheduler/scheduler.js';
import { EventKind, type EventSink } from './event.js';

/**
 * Returns the same policy, except that its schedulers write all they are told and all they answer into a sink. The tap
 * sits between world and scheduler: neither knows of it, and a run that is not recorded pays nothing.
 */
export function tapped(policy: Policy, sink: EventSink): Policy {
  return { ...policy, create: (setup, parameters) => tap(policy, setup, parameters, sink) };
}

function tap(
  policy: Policy,
  setup: SchedulerSetup,
  parameters: Parameters<Policy['create']>[1],
  sink: EventSink,
): Scheduler {
  const { now, demandNs, completionNs, world } = setup;
  const answers: World = {
    start: (worker, request, sliceNs) => {
      sink.write(EventKind.start, worker, request, sliceNs, now);
      world.start(worker, request, sliceNs);
    },
    preempt: (worker) => {
      sink.write(EventKind.preempt, worker, 0, 0, now);
      world.preempt(worker);
    },
    drop: (request, reason) => {
      sink.write(EventKind.drop, request, reason, 0, now);
      world.drop(request, reason);
    },
    stole: (thief, victim, count) => {
      sink.write(EventKind.stole, thief, victim, count, now);
      world.stole(thief, victim, count);
    },
    reserved: () => {
      sink.write(EventKind.reserved, hashReservation(scheduler.reservation!()), 0, 0, now);
      world.reserved();
    },
    // Not recorded: a start shows on which worker a request has waited.
    ...(world.dealt && { dealt: (worker: number, request: number) => world.dealt!(worker, request) }),
    ...(policy.sharing && {
      completeAt: (request: number) => {
        sink.write(EventKind.completeAt, request, 0, 0, completionNs!);
        world.completeAt!(request);
      },
    }),
  };
  const scheduler = policy.create({ ...setup, world: answers }, parameters);
  const { clairvoyant } = policy;
  return {
    arrive: (request, type, flow) => {
      if (clairvoyant) sink.write(EventKind.demand, 0, 0, 0, demandNs!);
      sink.write(EventKind.arrive, request, type, flow, now);
      scheduler.arrive(request, type, flow);
    },
    complete: (worker) => {
      sink.write(EventKind.complete, worker, 0, 0, now);
      scheduler.complete(worker);
    },
    sliceExpired: (worker) => {
      sink.write(EventKind.sliceExpired, worker, 0, 0, now);
      const answer = scheduler.sliceExpired(worker);
      sink.write(EventKind.sliceAnswer, answer, 0, 0, now);
      return answer;
    },
    preempted: (worker) => {
      sink.write(EventKind.preempted, worker, 0, 0, now);
      scheduler.preempted(worker);
    },
    ...tapOfSome(scheduler, now, sink),
    dispatch: () => {
      sink.write(EventKind.dispatch, 0, 0, 0, now);
      scheduler.dispatch();
    },
    queued: () => scheduler.queued(),
    ...(scheduler.reservation && { reservation: () => scheduler.reservation!() }),
  };
}

/** What only some schedulers are told. */
function tapOfSome(scheduler: Scheduler, now: Float64Array, sink: EventSink): Partial<Scheduler> {
  return {
    ...(scheduler.leaves && {
      leaves: (worker, preempted) => {
        sink.write(EventKind.leaves, worker, preempted ? 1 : 0, 0, now);
        scheduler.leaves!(worker, preempted);
      },
    }),
    ...(scheduler.dispatcherIdles && {
      dispatcherIdles: () => {
        sink.write(EventKind.dispatcherIdles, 0, 0, 0, now);
        scheduler.dispatcherIdles!();
      },
    }),
    ...(scheduler.parks && {
      parks: (worker, parked) => {
        sink.write(EventKind.parks, worker, parked ? 1 : 0, 0, now);
        scheduler.parks!(worker, parked);
      },
    }),
  };
}

/**
 * A 32-bit hash (FNV-1a) of the workers that each group owns and may use. In practice, equal hashes mean equal
 * reservations.
 */
export function hashReservation({ groups }: Reservation): number {
  let hash = 0x811c9dc5;
  const mix = (value: number) => {
    hash = Math.imul(hash ^ value, 0x01000193);
  };
  for (const { types, workers, stealable } of groups) {
    for (const part of [types, workers, stealable]) {
      mix(part.length);
      for (const each of part) mix(each);
    }
  }
  return hash | 0;
}
