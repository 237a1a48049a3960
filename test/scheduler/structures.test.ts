import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimedQueues } from '../../src/scheduler/queues.js';
import { RequestHeap } from '../../src/scheduler/request-heap.js';
import { ServiceProfile } from '../../src/scheduler/service-profile.js';
import { WorkerSet } from '../../src/scheduler/worker-set.js';

describe('TimedQueues', () => {
  it('are queues of requests that know when each arrived, whatever happens to the others', () => {
    const operation = fc.record({
      kind: fc.constantFrom('arrive', 'arrive', 'shift', 'push', 'unshift'),
      queue: fc.nat(2),
      stride: fc.constantFrom(1, 7, 300),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const now = new Float64Array(1);
        const queues = new TimedQueues(3, now);
        const model: number[][] = [[], [], []];
        const arrivedNs = new Map<number, number>();
        let request = 0;
        // The last request taken out, which may be put back: a preempted one.
        let taken: number | undefined;
        operations.forEach(({ kind, queue, stride }, i) => {
          now[0] = i * 10;
          const mine = model[queue]!;
          if (kind === 'arrive') {
            request += stride;
            queues.arrive(queue, request);
            arrivedNs.set(request, i * 10);
            mine.push(request);
          } else if (kind === 'shift' && mine.length > 0) {
            taken = queues.shift(queue);
            expect(taken).toBe(mine.shift());
          } else if (kind === 'push' && taken !== undefined) {
            queues.push(queue, taken);
            mine.push(taken);
            taken = undefined;
          } else if (kind === 'unshift' && taken !== undefined) {
            queues.unshift(queue, taken);
            mine.unshift(taken);
            taken = undefined;
          }
          expect([...queues.length]).toEqual(model.map((requests) => requests.length));
          model.forEach((requests, q) => {
            if (requests.length > 0) {
              expect(queues.head(q)).toBe(requests[0]);
              expect(queues.headArrivalNs(q)).toBe(arrivedNs.get(requests[0]!));
            }
            if (requests.length > 1) expect(queues.second(q)).toBe(requests[1]);
            for (const each of requests) expect(queues.arrivalNs(each)).toBe(arrivedNs.get(each));
          });
        });
      }),
    );
  });
});

describe('WorkerSet', () => {
  it.each([1, 31, 32, 33, 256])('of %i workers is a set that knows its lowest member', (workers) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(workers - 1), fc.boolean())),
        fc.array(fc.nat(workers - 1)),
        (changes, others) => {
          const set = new WorkerSet(workers);
          const other = new WorkerSet(workers);
          for (const worker of others) other.add(worker);
          const model = new Set<number>();
          for (const [worker, add] of changes) {
            if (add) {
              set.add(worker);
              model.add(worker);
            } else {
              set.delete(worker);
              model.delete(worker);
            }
            const members = [...model].sort((a, b) => a - b);
            expect(set.lowest()).toBe(members[0] ?? -1);
            expect(set.lowestIn(other)).toBe(members.find((member) => others.includes(member)) ?? -1);
            expect(set.toArray()).toEqual(members);
          }
        },
      ),
    );
  });
});

describe('RequestHeap', () => {
  it('takes the least key first, and of equal keys the one pushed first', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20)), { maxLength: 500 }), (keys) => {
        const heap = new RequestHeap();
        let model: { request: number; key: number }[] = [];
        keys.forEach((key, i) => {
          if (key !== null) {
            // Handles beyond what a heap has room for at first.
            const request = 3 * i;
            heap.fit(request);
            heap.keyOf[request] = key;
            heap.push(request);
            model = [...model, { request, key }].sort((a, b) => a.key - b.key || a.request - b.request);
          } else if (model.length > 0) {
            expect([heap.leastKey(), heap.first()]).toEqual([model[0]!.key, model[0]!.request]);
            expect(heap.shift()).toBe(model.shift()!.request);
          }
          expect(heap.length).toBe(model.length);
        });
        for (const { request } of model) expect(heap.shift()).toBe(request);
      }),
    );
  });
});

describe('ServiceProfile', () => {
  it('averages the first 1000 and keeps the types in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 1000 })), { maxLength: 500 }),
        (observations) => {
          const profile = new ServiceProfile(4);
          const seen: number[][] = [[], [], [], []];
          for (const [type, serviceNs] of observations) {
            profile.observe(type, serviceNs);
            seen[type]!.push(serviceNs);
          }
          seen.forEach((list, type) => {
            const mean = list.length === 0 ? 0 : list.reduce((a, b) => a + b) / list.length;
            expect(profile.meanNs[type]).toBeCloseTo(mean, 6);
          });
          const means = Array.from(profile.order, (type) => profile.meanNs[type]!);
          expect(means).toEqual([...means].sort((a, b) => a - b));
          expect([...profile.order].sort()).toEqual([0, 1, 2, 3]);
        },
      ),
    );
  });

  it('forgets: after a change it follows within a few thousand completions', () => {
    const profile = new ServiceProfile(1);
    for (let i = 0; i < 100_000; i++) profile.observe(0, 100);
    for (let i = 0; i < 5000; i++) profile.observe(0, 1);
    expect(profile.meanNs[0]).toBeLessThan(2);
  });
});
