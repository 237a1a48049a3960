import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHeapEventList, createSortedEventList } from '../../src/sim/event-list.js';
import { runs } from '../support/runs.js';

describe.each([
  ['sorted array', createSortedEventList],
  ['heap', createHeapEventList],
])('%s', (_, create) => {
  it('gives events in the order of time, then worker, whatever is added and removed', () => {
    const step = fc.record({
      worker: fc.nat(40),
      timeNs: fc.nat(20),
      what: fc.constantFrom('toggle', 'toggle', 'take'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const list = create(41);
        const model: { worker: number; timeNs: number }[] = [];
        for (const { worker, timeNs, what } of steps) {
          model.sort((a, b) => a.timeNs - b.timeNs || a.worker - b.worker);
          const at = model.findIndex((event) => event.worker === worker);
          if (what === 'take' && model.length > 0) {
            expect(list.nextNs()).toBe(model[0]!.timeNs);
            expect(list.take()).toBe(model.shift()!.worker);
          } else if (at >= 0) {
            list.remove(worker);
            model.splice(at, 1);
          } else {
            list.add(worker, timeNs);
            model.push({ worker, timeNs });
          }
          expect(list.size()).toBe(model.length);
        }
        model.sort((a, b) => a.timeNs - b.timeNs || a.worker - b.worker);
        for (const event of model) expect(list.take()).toBe(event.worker);
        expect(list.nextNs()).toBe(Number.POSITIVE_INFINITY);
      }),
      { numRuns: runs(300) },
    );
  });

  it('keeps its entries through ten thousand events that are later than all others', () => {
    const list = create(5);
    for (let worker = 0; worker < 5; worker++) list.add(worker, worker);
    for (let at = 5; at < 10_000; at++) {
      expect([list.nextNs(), list.take()]).toEqual([at - 5, at % 5]);
      list.add(at % 5, at);
      expect(list.size()).toBe(5);
    }
    list.remove(2);
    for (const worker of [0, 1, 3, 4]) expect(list.take()).toBe(worker);
    expect([list.nextNs(), list.size()]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});
