import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { calibrate } from '../../../src/experiment/hardware/calibrate-system.js';
import { compareCalibration, systemYaml } from '../../../src/experiment/hardware/calibration-file.js';
import { formatCalibration, formatMoved } from '../../../src/report/text/calibration-table.js';
import type { Calibration } from '../../../src/results/calibration.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';
import { type CostField, costsOf } from '../../../src/sim/costs.js';
import { parseSystem } from '../../../src/sim/parse-system.js';
import { missingNative } from '../../hw/support.js';

const constant = (field: 'wireNs' | 'handoffNs' | 'dispatchNs', medianNs: number, low: number, high: number) => ({
  field,
  medianNs,
  ci95Ns: [low, high] as const,
  sdNs: 12.4,
  samples: 400,
  source: 'a "quoted" source',
});
const named = (name: string, ...median: [number, number, number]) => {
  const { field: _, ...measurement } = constant('wireNs', ...median);
  return { name, ...measurement };
};
const CALIBRATION: Calibration<CostField> = {
  dilation: 200,
  workload: 'bimodal',
  workers: 14,
  load: 0.6,
  constants: [constant('wireNs', 207.4, 200, 214.6), constant('handoffNs', 120, 118, 123)],
  parts: ['wire.lateness', 'wire.request', 'wire.reply', 'handoff.ring', 'again.start'].map((name, i) =>
    named(name, 100 * (i + 1), 90, 310),
  ),
  work: [named('net', 5260.4, 4716, 5772), named('dispatcher.darc', 90, 85, 95)],
};
const FILE = { name: 'here', policy: 'c-fcfs', machine: 'box, 2 x AMD', date: '2026-11-24' };

describe('a calibration', () => {
  it('becomes a file that the simulator accepts, with what is known of each constant', () => {
    const system = parseSystem(systemYaml(FILE, CALIBRATION), 'here.yaml');
    expect(system).toMatchObject({
      name: 'here',
      policy: 'c-fcfs',
      measured: {
        machine: 'box, 2 x AMD',
        date: '2026-11-24',
        dilation: 200,
        workers: 14,
        policy: 'c-fcfs',
        workload: 'bimodal',
        load: 0.6,
      },
      costs: { wireNs: 207, handoffNs: 120, noticeNs: 0, dispatcherQueues: true },
    });
    expect(system.constants[0]).toMatchObject({
      ns: 207,
      sdNs: 12,
      ci95Ns: [200, 215],
      samples: 400,
      source: 'a "quoted" source',
    });
    expect(system.costs.spread).toBeUndefined();
    const { measured } = parse(systemYaml(FILE, CALIBRATION)) as { measured: { parts: object } };
    expect(measured.parts).toMatchObject({
      'wire.lateness': { time: '100ns', ci95: ['90ns', '310ns'], samples: 400 },
      'wire.request': { time: '200ns' },
      'wire.reply': { time: '300ns', source: 'a "quoted" source' },
    });
    expect(system.measured).toMatchObject({
      parts: { 'again.start': { ns: 500 } },
      work: { net: { ns: 5260.4, sdNs: 12.4 }, 'dispatcher.darc': { ns: 90, ci95Ns: [85, 95] } },
    });
  });

  it('keeps the quantiles of what varies', () => {
    const quantiles = [
      [0, 100.2],
      [0.5, 207.4],
      [1, 9000],
    ] as const;
    const wire = { ...CALIBRATION.constants[0]!, quantiles };
    const { costs } = parseSystem(systemYaml(FILE, { ...CALIBRATION, constants: [wire] }), 'here.yaml');
    expect(costs.spread).toEqual({
      wireNs: [
        [0, 100],
        [0.5, 207],
        [1, 9000],
      ],
    });
  });

  it('charges the dispatcher under each policy what that takes of it', () => {
    const dispatch = { ...constant('dispatchNs', 61.2, 58, 62), policies: { darc: 90.4 } };
    const text = systemYaml(FILE, { ...CALIBRATION, constants: [...CALIBRATION.constants, dispatch] });
    const { costs } = parseSystem(text, 'here.yaml');
    const under = (policy: string) => costsOf(costs, parsePolicy(policy)).dispatchNs;
    expect([under('c-fcfs'), under('darc:window=100'), under('sjf')]).toEqual([61, 90, 61]);
  });

  it('that is repeated says what has moved: intervals apart, and by more than a tenth', () => {
    const before = parseSystem(systemYaml(FILE, CALIBRATION), 'here.yaml');
    const moved = (wire: [number, number, number], handoff: [number, number, number]) =>
      compareCalibration(before, {
        ...CALIBRATION,
        constants: [constant('wireNs', ...wire), constant('handoffNs', ...handoff)],
      })
        .filter(({ charged }) => charged)
        .map((each) => each.moved);
    expect(moved([207, 200, 214], [121, 119, 124])).toEqual([false, false]);
    // One value is far, but not exact. The other is apart, but near.
    expect(moved([300, 210, 390], [126, 125, 127])).toEqual([false, false]);
    expect(moved([260, 250, 270], [100, 95, 105])).toEqual([true, true]);
    const rest = compareCalibration(before, {
      ...CALIBRATION,
      work: [named('net', 4000, 3900, 4100), named('dispatcher.darc', 92, 91, 93), named('dispatcher.sjf', 80, 75, 85)],
    }).filter(({ charged }) => !charged);
    expect(rest.slice(-3).map(({ name, beforeNs, moved }) => [name, beforeNs, moved])).toEqual([
      ['net', 5260.4, true],
      ['dispatcher.darc', 90, false],
      ['dispatcher.sjf', undefined, false],
    ]);
    expect(formatMoved(rest, before)).toMatch(/^dispatcher\.sjf +– +80ns +75ns … 85ns +not known$/m);
    const text = formatMoved(
      compareCalibration(before, { ...CALIBRATION, constants: [constant('wireNs', 400, 390, 410)] }),
      before,
    );
    expect(text).toMatch(/^delays\.wire +207ns +400ns +390ns … 410ns +moved$/m);
    expect(text).toMatch(/^constant +2026-11-24 +now/);
  });

  it('reads as a table', () => {
    const table = formatCalibration(CALIBRATION);
    expect(table.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(table).toMatch(/^delays\.handoff +120ns +118ns … 123ns +12ns +400 +a "quoted" source$/m);
    expect(table).toMatch(
      /^delays\.wire .*\n {2}its lateness +100ns .*\n {2}its request +200ns .*\n {2}its reply +300ns .*\ndelays\.handoff .*\n {2}its ring +400ns /m,
    );
    expect(table).toMatch(/^work, in real time +median .*\nnet +5\.26us .*\ndispatcher\.darc +90ns /m);
  });
});

describe.skipIf(missingNative() !== undefined)('on this machine', { timeout: 60_000 }, () => {
  it('every constant is measured over the real path', async () => {
    const calibration = await calibrate({
      policy: parsePolicy('c-fcfs'),
      workers: 2,
      dilate: 500,
      requests: 80,
      dispatchers: [parsePolicy('c-fcfs')],
    });
    const system = parseSystem(systemYaml(FILE, calibration), 'here.yaml');
    expect(calibration.dilation).toBe(500);
    // On a busy machine a dispatcher may be slow enough to have a cost after dilation.
    const stated = system.constants.filter(({ spec }) => spec.field !== 'dispatchNs');
    expect(stated.map(({ spec }) => `${spec.section}.${spec.key}`)).toEqual([
      'delays.wire',
      'delays.handoff',
      'delays.again',
      'delays.signal',
      'worker.switch',
      'worker.preempted',
    ]);
    expect(Object.keys(system.costs.spread!)).toEqual(['wireNs', 'againNs']);
    for (const { field, medianNs, ci95Ns, samples } of calibration.constants) {
      // Times below the resolution of the stamps may be 0. Nothing takes a second here, even undilated.
      expect(medianNs, field).toBeGreaterThanOrEqual(0);
      expect(medianNs, field).toBeLessThan(2e6);
      expect(ci95Ns[0]).toBeLessThanOrEqual(medianNs);
      expect(ci95Ns[1]).toBeGreaterThanOrEqual(medianNs);
      expect(samples).toBeGreaterThanOrEqual(20);
    }
    const { wireNs, handoffNs, contextSwitchNs } = system.costs;
    for (const ns of [wireNs, handoffNs, contextSwitchNs]) expect(ns).toBeGreaterThan(0);
    // Server and load generator read one counter, so each way is known. Both ways together are twice the wire.
    expect(calibration.parts.map(({ name }) => name)).toEqual([
      ...['wire.lateness', 'wire.request', 'wire.reply'],
      ...['handoff.ring', 'handoff.start', 'again.notice', 'again.start'],
    ]);
    for (const { name, medianNs } of calibration.parts) {
      // A dispatcher that polls the network itself has no ring, and one clock reading serves both of its stamps.
      if (name === 'handoff.ring') expect(medianNs, name).toBeGreaterThanOrEqual(0);
      else expect(medianNs, name).toBeGreaterThan(0);
    }
    const sum = (of: string) =>
      calibration.parts.filter(({ name }) => name.startsWith(of)).reduce((all, { medianNs }) => all + medianNs, 0);
    // A median of sums is not the sum of medians, but it is near.
    expect(sum('handoff.')).toBeGreaterThan(handoffNs / 2);
    expect(sum('handoff.')).toBeLessThan(2 * handoffNs);
    expect(calibration.work.map(({ name }) => name)).toEqual(['net', 'hop', 'dispatcher.c-fcfs']);
    for (const { name, medianNs, samples } of calibration.work) {
      expect(medianNs, name).toBeGreaterThan(1);
      expect(samples, name).toBeGreaterThanOrEqual(20);
    }
    // Each request passes the net thread twice.
    expect(calibration.work[0]!.samples).toBeGreaterThanOrEqual(160);
    const wholeNs = sum('wire.');
    expect(wholeNs).toBeGreaterThan(wireNs);
    expect(wholeNs).toBeLessThan(4 * wireNs + 2 * handoffNs);
  });
});
