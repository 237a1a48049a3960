import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { play } from '../support/play.js';
import { runs } from '../support/runs.js';
import { makeTrace, type TraceShape } from '../support/trace.js';

/**
 * Settings beyond the defaults that change what a policy does. New policies are tested with their defaults without
 * being listed here.
 */
const variants: Record<string, readonly string[]> = {
  'd-fcfs': ['d-fcfs:steering=round-robin', 'd-fcfs:steering=hash:flows=6', 'd-fcfs:queue=2'],
  'd-fcfs-steal': ['d-fcfs-steal:cost=100ns', 'd-fcfs-steal:steering=hash:flows=3', 'd-fcfs-steal:queue=3'],
  'c-fcfs': ['c-fcfs:queue=3'],
  po2: ['po2:queue=2'],
  sjf: ['sjf:queue=2'],
  'fixed-priority': ['fixed-priority:order=T0:queue=4'],
  edf: ['edf:factor=3'],
  darc: [
    'darc:window=50',
    'darc:window=7:delta=3',
    'darc:window=20:delay=0:demand=0',
    'darc:oracle',
    'darc:oracle:delta=4',
    'darc:window=30:queue=3',
  ],
  'darc-static': ['darc-static:reserved=0'],
  'darc-ts': [
    'darc-ts:window=50:backlog=0:quantum=2us',
    'darc-ts:oracle:backlog=1:cost=0ns:quantum=700ns',
    'darc-ts:window=20:delay=0:demand=0:quantum=1us',
  ],
  jbsq: ['jbsq:k=1:quantum=2us', 'jbsq:k=3:cost=0ns:quantum=700ns', 'jbsq:queue=2'],
  tq: ['tq:cost=0ns:quantum=500ns', 'tq:cost=1us', 'tq:queue=2'],
  las: ['las:cost=0ns:quantum=700ns', 'las:quantum=2us:cost=3us'],
  srpt: ['srpt:cost=1us'],
  ts: [
    'ts:quantum=700ns:cost=0ns',
    'ts:quantum=2us:preempt=when-waiting',
    'ts:quantum=900ns:preempt=when-waiting:cost=0ns',
  ],
  'ts-mq': ['ts-mq:quantum=700ns:cost=0ns', 'ts-mq:quantum=2us:preempt=when-waiting', 'ts-mq:requeue=head'],
};

const shapes = fc.record({
  types: fc.integer({ min: 1, max: 5 }),
  workers: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 2, max: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(33, 64, 256) },
  ),
  load: fc.double({ min: 0.1, max: 1.3, noNaN: true }),
  requests: fc.integer({ min: 1, max: 500 }),
  seed: fc.nat(),
  tickNs: fc.constantFrom(1, 100, 1000),
  vary: fc.boolean(),
});

const sum = (counts: Iterable<number>) => [...counts].reduce((a, b) => a + b, 0);

interface CheckOptions {
  /** Is the last type of the trace UNKNOWN? */
  readonly unknown?: boolean;
  readonly deadlines?: boolean;
  /** Types of the workload of which no request comes. */
  readonly silent?: number;
}

async function check(text: string, shape: TraceShape, options: CheckOptions = {}) {
  const chosen = parsePolicy(text);
  const trace = makeTrace(shape);
  const { referee, record } = await play(chosen, trace, {
    workers: shape.workers,
    types: shape.types + (options.silent ?? 0),
    unknown: options.unknown ?? false,
    ...(options.deadlines && { typeInfo: (type: number) => ({ deadlineNs: 5000 + 1700 * ((type * 7) % 5) }) }),
  });
  expect(referee.violations).toEqual([]);
  for (let type = 0; type < shape.types; type++) {
    const arrived = trace.type.filter((t) => t === type).length;
    expect(record.arrived[type], 'arrived').toBe(arrived);
    expect(record.completed[type]! + record.dropped[type]!, 'completed + dropped').toBe(arrived);
    const departures = referee.departures.filter((departure) => departure.type === type);
    expect(departures.length).toBe(record.completed[type]);
  }
  expect(record.inFlight).toBe(0);
  expect(sum(record.dropped)).toBe(referee.dropped.length);
  // Little's law, of a run that begins and ends empty: the mean number in the system is the rate times the mean
  // sojourn.
  const sojournNs = record.histograms.reduce((all, each) => all + each.sojournNs.sum, 0);
  expect(referee.areaNs).toBe(sojournNs + referee.droppedNs);
  // What was recorded is what happened: exact sums of sojourn and service per type.
  for (let type = 0; type < shape.types; type++) {
    const departures = referee.departures.filter((departure) => departure.type === type);
    const { sojournNs, serviceNs } = record.histograms[type]!;
    expect(sojournNs.count).toBe(departures.length);
    expect(sojournNs.sum).toBe(sum(departures.map((d) => d.atNs - trace.arrivalNs[d.id]!)));
    expect(serviceNs.sum).toBe(sum(departures.map((d) => trace.serviceNs[d.id]!)));
  }
}

describe.each(policies.map((policy) => policy.name))(
  '%s keeps its promises on random workloads',
  { timeout: 60_000 },
  (name) => {
    it.each([name, ...(variants[name] ?? [])])('%s', async (text) => {
      await fc.assert(
        fc.asyncProperty(shapes, (shape) => check(text, shape)),
        { numRuns: runs(60) },
      );
    });

    it('with requests the classifier does not recognise', async () => {
      await fc.assert(
        fc.asyncProperty(shapes, (shape) =>
          check(name === 'darc' ? 'darc:window=40' : name, { ...shape, types: shape.types + 1 }, { unknown: true }),
        ),
        { numRuns: runs(40) },
      );
    });

    it('when the classifier recognises no request at all, and when types never occur', async () => {
      for (const text of [name, ...(variants[name] ?? []).filter((variant) => !variant.includes('order='))]) {
        await fc.assert(
          fc.asyncProperty(shapes, fc.integer({ min: 1, max: 3 }), async (shape, silent) => {
            await check(text, { ...shape, types: 1 }, { unknown: true });
            await check(text, shape, { silent });
          }),
          { numRuns: 10 },
        );
      }
    });
  },
);

it('edf starts the earliest deadline the workload states', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(shapes, (shape) => check('edf', shape, { deadlines: true })),
    { numRuns: runs(100) },
  );
});
