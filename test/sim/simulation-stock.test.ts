import { describe, expect, it } from 'vitest';
import { openWorkload } from '../../src/experiment/plan/open-workload.js';
import type { RunSpec } from '../../src/experiment/plan/run-spec.js';
import { runRaw, seekWarmUp } from '../../src/experiment/run/run-simulation.js';
import type { Histogram } from '../../src/metrics/histogram.js';
import type { RunRecord } from '../../src/metrics/run-record.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { remember } from '../../src/sim/remember.js';
import { createSimulationStock, type SimulationSetup } from '../../src/sim/simulation-setup.js';
import { shippedWorkload } from '../support/workloads.js';

function specOf(policy: string, workload: string, load: number, replication: number): RunSpec {
  return {
    policy: parsePolicy(policy),
    workload: { kind: 'generated', workload: shippedWorkload(workload), offer: { load, workers: 8 } },
    workers: 8,
    seed: '1',
    replication,
    warmup: 0.1,
    end: { requests: 4000 },
  };
}

/** Each histogram by its sums: to compare all its buckets takes long. */
function comparable({ histograms, ...rest }: RunRecord) {
  const sumsOf = ({ counts, ...sums }: Histogram) => ({
    ...sums,
    places: counts.reduce((sum, n, i) => sum + n * i, 0),
  });
  return { ...rest, histograms: histograms.map((type) => Object.values(type).map(sumsOf)) };
}

describe('a simulation that is played again', () => {
  it.each(policies.map(({ name }) => name))(
    'gives the results of a new one: %s',
    async (name) => {
      const stock = createSimulationStock();
      await seekWarmUp({ ...specOf(name, 'tpcc', 0.7, 0), warmup: 'find' }, { stock });
      for (const [replication, load] of [
        [0, 0.7],
        [1, 1.2],
        [0, 0.9],
      ] as const) {
        const again = await runRaw(specOf(name, 'tpcc', load, replication), { stock });
        const { record } = await runRaw(specOf(name, 'tpcc', load, replication));
        expect(comparable(again.record)).toEqual(comparable(record));
      }
    },
    60_000,
  );

  it('is made anew when it has grown, or does not fit', () => {
    const stock = createSimulationStock();
    const { types, hasUnknown, trueProfile } = openWorkload(specOf('po2', 'bimodal', 0.8, 0));
    const setup = (workers: number): SimulationSetup => ({
      policy: parsePolicy('po2'),
      workers,
      types,
      hasUnknown,
      trueProfile,
      random: () => 0,
      expectedRequests: 1,
    });
    const first = stock.simulationOf(setup(2));
    expect(stock.simulationOf(setup(2))).toBe(first);
    const second = stock.simulationOf(setup(3));
    expect(second).not.toBe(first);
    expect(stock.isSpent()).toBe(false);
    const column = new Float64Array(4).fill(1);
    second.advance(
      { length: 4, arrivalNs: column, serviceNs: column, type: new Uint16Array(4), flow: new Uint32Array(4) },
      0,
      4,
    );
    expect(stock.isSpent()).toBe(true);
    expect(stock.simulationOf(setup(3))).not.toBe(second);
  });
});

it('what is remembered comes back in the same objects', () => {
  const inner = { count: 1 };
  const root = {
    inner,
    list: [1, 2],
    numbers: new Int32Array([1, 2]),
    map: new Map([['a', inner]]),
    self: {} as object,
  };
  root.self = root;
  const { list, numbers, map } = root;
  const restore = remember(root);
  inner.count = 2;
  list.push(3);
  numbers.fill(9);
  map.clear();
  Object.assign(root, { inner: { count: 3 }, numbers: new Int32Array(4), extra: 1 });
  restore();
  expect(root).toEqual({
    inner: { count: 1 },
    list: [1, 2],
    numbers: new Int32Array([1, 2]),
    map: new Map([['a', inner]]),
    self: root,
  });
  expect([root.inner === inner, root.numbers === numbers]).toEqual([true, true]);
});
