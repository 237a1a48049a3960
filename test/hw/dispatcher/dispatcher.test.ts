import { expect, it } from 'vitest';
import { createDispatcher } from '../../../src/hw/dispatcher/dispatcher.js';
import { Control, createSharedMemory, DispatcherStat, FinishOutcome, Mailbox } from '../../../src/hw/memory/layout.js';
import { type Scheduler, TO_COMPLETION, type World } from '../../../src/scheduler/scheduler.js';

it('asks a worker once for each start to give up its request, and counts what it started', () => {
  const memory = createSharedMemory({ workers: 2, types: 1, slots: 4, arrivalsCapacity: 4 });
  const words = new Int32Array(memory.buffer, memory.base, memory.totalBytes / 4);
  const stats = new Float64Array(memory.buffer, memory.base + memory.dispatcherStatsOffset);
  const idle: Scheduler = {
    arrive: () => {},
    complete: () => {},
    preempted: () => {},
    sliceExpired: () => 0,
    dispatch: () => {},
    queued: () => 0,
  };
  let world: World | undefined;
  const dispatcher = createDispatcher(memory, (workers) => {
    world = workers;
    return idle;
  });
  const word = (field: keyof typeof Mailbox): number => (memory.mailboxesOffset + Mailbox[field]) / 4;
  const counted = (...names: (keyof typeof DispatcherStat)[]): number[] => {
    dispatcher.publishStatistics();
    return names.map((name) => stats[DispatcherStat[name]]!);
  };
  /** Worker 0 gives up what it runs. */
  const giveUp = (): void => {
    words[word('finishOutcome')] = FinishOutcome.preempted;
    words[word('finishSeq')] = words[word('startSeq')]!;
    expect(dispatcher.step()).toBe(1);
  };

  world!.preempt(0);
  expect(counted('preemptsAsked')).toEqual([0]);
  world!.start(0, 1, 0);
  world!.start(1, 2, 0);
  world!.preempt(0);
  world!.preempt(0);
  expect(words[word('preemptSeq')]).toBe(words[word('startSeq')]);
  expect(counted('preemptsAsked', 'dispatched', 'inFlight', 'preempted')).toEqual([1, 2, 2, 0]);
  giveUp();
  expect(counted('preemptsAsked', 'dispatched', 'inFlight', 'preempted')).toEqual([1, 2, 1, 1]);
  // The next start may be asked again.
  world!.start(0, 1, 0);
  world!.preempt(0);
  expect(counted('preemptsAsked', 'dispatched', 'inFlight', 'preempted')).toEqual([2, 3, 2, 1]);
});

it('does not tell of the end of a slice whose request was already asked to stop', () => {
  const memory = createSharedMemory({ workers: 2, types: 1, slots: 4, arrivalsCapacity: 4 });
  const clock = new Float64Array(memory.buffer, memory.base + Control.clockNs, 1);
  const expired: number[] = [];
  let world: World | undefined;
  const dispatcher = createDispatcher(memory, (workers) => {
    world = workers;
    return {
      arrive: () => {},
      complete: () => {},
      preempted: () => {},
      sliceExpired: (worker) => {
        expired.push(worker);
        return TO_COMPLETION;
      },
      dispatch: () => {},
      queued: () => 0,
    };
  });
  world!.start(0, 1, 100);
  world!.start(1, 2, 100);
  world!.preempt(0);
  expect(dispatcher.nextSliceEndNs()).toBe(100);
  clock[0] = 200;
  dispatcher.step();
  expect(expired).toEqual([1]);
  expect(dispatcher.nextSliceEndNs()).toBe(Number.POSITIVE_INFINITY);
});
