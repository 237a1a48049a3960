import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { play } from '../../src/check/play.js';
import { makeSmallTrace, type SmallTrace, type TraceShape } from '../../src/check/small-trace.js';
import type { Observer } from '../../src/metrics/observer.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { CONSTANTS, costsOf, NO_COSTS, type SystemCosts } from '../../src/sim/costs.js';
import { runs } from '../support/runs.js';

const shapes = fc.record({
  types: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 2, max: 12 }),
  load: fc.double({ min: 0.1, max: 1.2, noNaN: true }),
  requests: fc.integer({ min: 1, max: 300 }),
  seed: fc.nat(),
  tickNs: fc.constantFrom(1, 100, 1000),
  vary: fc.boolean(),
});

/** Each constant nothing, small, or as long as a request; queues where the policy has them or all in the dispatcher. */
const someCosts: fc.Arbitrary<SystemCosts> = fc
  .tuple(
    fc.array(fc.constantFrom(0, 0, 50, 100, 1000), { minLength: CONSTANTS.length, maxLength: CONSTANTS.length }),
    fc.boolean(),
  )
  .map(([ns, dispatcherQueues]) => ({
    ...NO_COSTS,
    ...Object.fromEntries(CONSTANTS.map(({ field }, i) => [field, ns[i]])),
    ...(dispatcherQueues && { dispatcherQueues }),
  }));

/** What the referee sees of a scheduler that is told later than things happen: all but when exactly they happened. */
const TOLD_LATE = ['time', 'service = demand', 'quantum'];

/** Believes nobody: books of what runs where, from what an observer is told. */
class Books implements Observer {
  readonly complaints: string[] = [];
  readonly completed = new Map<number, number>();
  dispatcherNs = 0;
  /** Area under the number of requests between their arrival and the end of their service, ns. */
  areaNs = 0;
  private present = 0;
  private changedNs = 0;
  droppedNs = 0;
  private readonly on: ({ request: number; runsNs: number } | undefined)[] = [];
  private readonly freeNs: number[] = [];
  private readonly ranNs = new Map<number, number>();
  private readonly running = new Set<number>();
  private dispatcherFreeNs = 0;

  constructor(
    private readonly trace: SmallTrace,
    private readonly workers: number,
    private readonly earliestNs: number,
    private readonly onDispatcherNs: number,
  ) {}

  private changes(by: number, atNs: number): void {
    this.areaNs += this.present * (atNs - this.changedNs);
    this.present += by;
    this.changedNs = atNs;
  }

  private check(fine: boolean, complaint: string): void {
    if (!fine && this.complaints.length < 10) this.complaints.push(complaint);
  }

  arrives(request: number, type: number, atNs: number): void {
    this.changes(1, atNs);
    this.check(this.trace.arrivalNs[request] === atNs && this.trace.type[request] === type, `${request} came wrong`);
  }

  starts(worker: number, request: number, _type: number, fromNs: number, runsNs: number): void {
    this.check(this.on[worker] === undefined, `worker ${worker} was given a second request`);
    this.check(!this.running.has(request), `request ${request} runs twice`);
    this.check(fromNs >= (this.freeNs[worker] ?? 0), `worker ${worker} began before it was free`);
    const earliestNs = worker < this.workers ? this.earliestNs : this.onDispatcherNs;
    this.check(worker <= this.workers, `worker ${worker} does not exist`);
    this.check(fromNs >= this.trace.arrivalNs[request]! + earliestNs, `request ${request} ran too early`);
    this.check(runsNs >= fromNs, 'it ran before it was there');
    this.on[worker] = { request, runsNs };
    this.running.add(request);
  }

  stops(worker: number, atNs: number, completed: boolean, freeNs: number): void {
    const { request, runsNs } = this.on[worker]!;
    this.on[worker] = undefined;
    this.freeNs[worker] = freeNs;
    this.running.delete(request);
    const ranNs = (this.ranNs.get(request) ?? 0) + Math.max(0, atNs - runsNs);
    this.ranNs.set(request, ranNs);
    const demandNs = this.trace.serviceNs[request]!;
    this.check(completed ? ranNs === demandNs : ranNs < demandNs, `request ${request} ran ${ranNs} of ${demandNs}`);
    if (completed) {
      this.completed.set(request, atNs);
      this.changes(-1, atNs);
    }
  }

  drops(request: number, _type: number, atNs: number): void {
    this.droppedNs += atNs - this.trace.arrivalNs[request]!;
    this.changes(-1, atNs);
  }

  steals(): void {}

  dispatcher(fromNs: number, toNs: number): void {
    this.check(fromNs >= this.dispatcherFreeNs && toNs > fromNs, 'the dispatcher did two things at once');
    this.dispatcherFreeNs = toNs;
    this.dispatcherNs += toNs - fromNs;
  }
}

async function check(text: string, shape: TraceShape, costs: SystemCosts) {
  const chosen = parsePolicy(text);
  const trace = makeSmallTrace(shape);
  const { dispatcherReceiveNs, dispatchNs, handoffNs, againNs, wireNs, workerTransmitNs, dispatcherTransmitNs } =
    costsOf(costs, chosen);
  const earliestNs = dispatcherReceiveNs + dispatchNs + Math.min(handoffNs, againNs);
  const books = new Books(trace, shape.workers, earliestNs, dispatcherReceiveNs);
  const { referee, record } = await play(chosen, trace, { ...shape, costs, observer: books });
  expect(books.complaints).toEqual([]);
  expect(referee.violations.filter(({ property }) => !TOLD_LATE.includes(property))).toEqual([]);
  const sum = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
  expect(sum(record.arrived)).toBe(shape.requests);
  expect(sum(record.completed)).toBe(books.completed.size);
  expect(sum(record.completed) + sum(record.dropped)).toBe(shape.requests);
  expect(record.inFlight).toBe(0);
  const sojournNs = record.histograms.reduce((all, type) => all + type.sojournNs.sum, 0);
  const atLeastNs = [...books.completed].reduce((all, [request, atNs]) => all + atNs - trace.arrivalNs[request]!, 0);
  const perRequestNs = 2 * wireNs + workerTransmitNs + dispatcherTransmitNs;
  if (dispatcherTransmitNs === 0) expect(sojournNs).toBe(atLeastNs + perRequestNs * books.completed.size);
  else expect(sojournNs).toBeGreaterThanOrEqual(atLeastNs + perRequestNs * books.completed.size);
  // Little's law, for the part of the way that an observer sees: mean number = rate x mean time.
  expect(books.areaNs).toBe(atLeastNs + books.droppedNs);
}

const names = policies.filter((policy) => !policy.sharing).map((policy) => policy.name);
const variants = ['ts:quantum=700ns', 'ts:quantum=900ns:preempt=when-waiting', 'ts-mq:requeue=head', 'darc:window=40'];

describe('whatever a system costs', { timeout: 60_000 }, () => {
  it.each([...names, ...variants, 'c-fcfs:queue=2', 'd-fcfs-steal:steering=hash:flows=3'])(
    '%s loses nobody, runs nobody twice, and gives each request its demand',
    async (text) => {
      await fc.assert(
        fc.asyncProperty(shapes, someCosts, (shape, costs) => check(text, shape, costs)),
        { numRuns: runs(25) },
      );
    },
  );

  const busy = fc.tuple(shapes, fc.integer({ min: 1, max: 3 })).map(([shape, workers]) => ({ ...shape, workers }));
  const own = { pollNs: 700, ownSwitchNs: 50, parkNs: 500, allocateNs: 1000, wakeNs: 300 };
  it.each(['jbsq:k=1', 'jbsq:quantum=700ns', 'd-fcfs-steal', 'steal-ts:quantum=700ns'])(
    '%s keeps these promises beside a dispatcher that runs requests, and with workers that park',
    async (text) => {
      await fc.assert(
        fc.asyncProperty(busy, someCosts, (shape, costs) => check(text, shape, { ...costs, ...own })),
        { numRuns: runs(15) },
      );
    },
  );
});
