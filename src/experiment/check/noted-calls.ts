/** Notes in shared memory which call of a policy is under way, so that another thread sees one that does not return. */

import type { Policy } from '../../scheduler/policy.js';
import type { Scheduler } from '../../scheduler/scheduler.js';

/** What a policy is called for; the first stands for no call. */
const CALLS = [
  'none',
  'create',
  'arrive',
  'complete',
  'sliceExpired',
  'preempted',
  'dispatch',
  'queued',
  'reservation',
  'leaves',
  'dispatcherIdles',
  'parks',
] as const;

type Call = (typeof CALLS)[number];

/** Words of the memory: how many calls have begun or ended, and which is under way. */
const COUNT = 0;
const UNDER_WAY = 1;

/** Memory for {@link notingCalls} and {@link callUnderWay}. */
export function createCallNotes(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** The call that is under way, with a number that changes when another begins. */
export function callUnderWay(notes: Int32Array): { readonly call: Call; readonly count: number } | undefined {
  const call = CALLS[Atomics.load(notes, UNDER_WAY)] ?? 'none';
  return call === 'none' ? undefined : { call, count: Atomics.load(notes, COUNT) };
}

/** The same policy, which notes its calls. Allocates nothing per call. */
export function notingCalls(policy: Policy, notes: Int32Array): Policy {
  function begin(call: Call): number {
    // A world may call back from inside a call: `reservation`.
    const outer = notes[UNDER_WAY]!;
    notes[COUNT]!++;
    Atomics.store(notes, UNDER_WAY, CALLS.indexOf(call));
    return outer;
  }
  function end(outer: number): void {
    Atomics.store(notes, UNDER_WAY, outer);
  }
  function noting<A extends readonly unknown[], R>(call: Call, run: (...args: A) => R): (...args: A) => R {
    return (...args) => {
      const outer = begin(call);
      try {
        return run(...args);
      } finally {
        end(outer);
      }
    };
  }
  const create: Policy['create'] = noting('create', (setup, parameters) => {
    const inner = policy.create(setup, parameters);
    const scheduler: Scheduler = {
      arrive(request, type, flow) {
        const outer = begin('arrive');
        try {
          inner.arrive(request, type, flow);
        } finally {
          end(outer);
        }
      },
      complete(worker) {
        const outer = begin('complete');
        try {
          inner.complete(worker);
        } finally {
          end(outer);
        }
      },
      sliceExpired: noting('sliceExpired', (worker) => inner.sliceExpired(worker)),
      preempted: noting('preempted', (worker) => inner.preempted(worker)),
      dispatch: noting('dispatch', () => inner.dispatch()),
      queued: noting('queued', () => inner.queued()),
      ...(inner.reservation && { reservation: noting('reservation', () => inner.reservation!()) }),
      ...(inner.leaves && {
        leaves: noting('leaves', (worker: number, preempted: boolean) => inner.leaves!(worker, preempted)),
      }),
      ...(inner.dispatcherIdles && { dispatcherIdles: noting('dispatcherIdles', () => inner.dispatcherIdles!()) }),
      ...(inner.parks && {
        parks: noting('parks', (worker: number, parked: boolean) => inner.parks!(worker, parked)),
      }),
    };
    return scheduler;
  });
  return { ...policy, create };
}
