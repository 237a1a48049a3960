import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/scheduler/fifo.js';
import { ServiceProfile } from '../../src/scheduler/service-profile.js';
import { WorkerSet } from '../../src/scheduler/worker-set.js';

describe('Fifo', () => {
  it('is a queue of requests with their arrival times', () => {
    const operation = fc.constantFrom('push', 'push', 'push', 'shift', 'unshift', 'requeue');
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 400 }),
        fc.constantFrom(5, 100, Number.POSITIVE_INFINITY),
        (operations, limit) => {
          const fifo = new Fifo(limit, 4);
          const model: number[] = [];
          operations.forEach((operation, i) => {
            if (operation === 'push') {
              expect(fifo.push(i, i * 10)).toBe(model.length < limit);
              if (model.length < limit) model.push(i);
            } else if (operation === 'shift' && model.length > 0) expect(fifo.shift()).toBe(model.shift());
            else if (operation === 'unshift') {
              fifo.unshift(i, i * 10);
              model.unshift(i);
            } else if (operation === 'requeue') {
              fifo.requeue(i, i * 10);
              model.push(i);
            }
            expect(fifo.length).toBe(model.length);
            model.forEach((request, at) => {
              expect(fifo.arrivalAt(at)).toBe(request * 10);
            });
            if (model.length > 0) expect(fifo.headArrivalNs()).toBe(model[0]! * 10);
          });
        },
      ),
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
