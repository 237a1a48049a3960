import { describe, expect, it } from 'vitest';
import { readSystem } from '../../src/experiment/plan/files.js';
import type { Observer } from '../../src/metrics/observer.js';
import type { RunRecord } from '../../src/metrics/run-record.js';
import { policies } from '../../src/scheduler/policy-registry.js';
import { NO_COSTS, type SystemCosts } from '../../src/sim/costs.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { pages } from '../docs/pages.js';
import { quantileOf } from '../support/histogram.js';
import { run, shippedWorkload } from '../support/workloads.js';

/** Settings beyond the defaults that reach other parts of the loop. */
const VARIANTS = [
  'ts:cost=0ns',
  'ts:quantum=3us:preempt=when-waiting',
  'ts:quantum=3us:preempt=when-waiting:cost=0ns',
  'ts-mq:requeue=head',
  'd-fcfs-steal:cost=200ns',
  'd-fcfs:queue=3',
  'c-fcfs:queue=3',
];

/** All of a record but the buckets of its histograms, whose comparison takes a hundred times as long as the run. */
function facts({ histograms, ...record }: RunRecord) {
  return { ...record, histograms: histograms.map(({ sojournNs, slowdown }) => [sojournNs.sum, slowdown.sum]) };
}

describe('a system that costs nothing decides as the loop without a system', () => {
  const names = policies.filter((policy) => !policy.sharing).map((policy) => policy.name);
  it.each([...names, ...VARIANTS])('%s', async (policy) => {
    for (const [name, load] of [
      ['bimodal', 0.9],
      ['tpcc', 0.95],
      ['bursty', 1.1],
    ] as const) {
      const options = { requests: 6000, load, workers: 5 };
      const ideal = await run(policy, shippedWorkload(name), options);
      const costed = await run(policy, shippedWorkload(name), { ...options, costs: NO_COSTS });
      expect(facts(costed)).toEqual(facts(ideal));
    }
  });
});

describe('a dispatcher that refills what its workers have been dealt', () => {
  const share = async (policy: string) => {
    const { window, preemptions } = await run(policy, shippedWorkload('extreme-bimodal'), {
      load: 0.5,
      workers: 14,
      requests: 50_000,
      costs: { ...NO_COSTS, dispatcherReceiveNs: 75, dispatchNs: 34, completionNs: 34, preemptNs: 30 },
    });
    return { busyNs: window.dispatcherNs, preemptions };
  };

  it('is as busy as one that hands over each request, and busier by what preemptions cost it', async () => {
    const central = await share('c-fcfs');
    // Nothing is ever preempted.
    const calm = await share('jbsq:quantum=1ms');
    expect(calm.preemptions).toBe(0);
    expect(calm.busyNs / central.busyNs).toBeCloseTo(1, 2);
    const busy = await share('jbsq:quantum=5us');
    expect(busy.preemptions).toBeGreaterThan(10_000);
    expect(busy.busyNs / (calm.busyNs + busy.preemptions * (30 + 34 + 34))).toBeCloseTo(1, 1);
  });
});

/** Requests of one nanosecond: the workers hardly count. */
const tiny = parseWorkload('name: tiny\ntypes: [{ name: A, ratio: 1, service: 1ns }]\narrivals: poisson', 'tiny.yaml');
const charging = (costs: Partial<SystemCosts>): SystemCosts => ({ ...NO_COSTS, ...costs });

describe('the dispatcher is a server', () => {
  it.each([0.3, 0.7, 0.9])('M/D/1 at utilisation %f', async (rho) => {
    const costNs = 1000;
    const record = await run('c-fcfs', tiny, {
      // Workers for 1 ns each: their load is a thousandth of the dispatcher's.
      load: rho / costNs / 64,
      workers: 64,
      requests: 400_000,
      costs: charging({ dispatcherReceiveNs: costNs }),
    });
    const { sojournNs } = record.histograms[0]!;
    const theoryNs = costNs * (1 + rho / (2 * (1 - rho))) + 1;
    // Three standard errors of the mean, as ten seeds have it.
    expect(Math.abs(sojournNs.sum / sojournNs.count / theoryNs - 1)).toBeLessThan(rho > 0.8 ? 0.05 : 0.01);
    const { dispatcherNs, fromNs, toNs } = record.window;
    expect(dispatcherNs / (toNs - fromNs)).toBeCloseTo(rho, 2);
  });

  it.each([
    ['receive', { dispatcherReceiveNs: 500 }, 500],
    ['dispatch', { dispatchNs: 500 }, 500],
    ['completion', { completionNs: 500 }, 500],
    ['transmit', { dispatcherTransmitNs: 500 }, 500],
    ['all', { dispatcherReceiveNs: 100, dispatchNs: 200, completionNs: 300, dispatcherTransmitNs: 400 }, 1000],
  ] as const)('throughput ends at one over its cost: %s', async (_, costs, costNs) => {
    const record = await run('c-fcfs', tiny, {
      load: 3 / costNs / 64,
      workers: 64,
      requests: 30_000,
      costs: charging(costs),
    });
    const { window } = record;
    const windowNs = window.toNs - window.fromNs;
    expect(window.dispatcherNs / windowNs).toBeCloseTo(1, 3);
    expect((window.completed / windowNs) * costNs).toBeCloseTo(1, 3);
    expect(record.inFlight).toBe(0);
  });

  it('a preemption costs it what sending costs, and the worker what receiving costs', async () => {
    // One request of 100 us, alone: it is preempted at the end of every quantum and goes on at once.
    const [record] = await Promise.all([
      run('ts:quantum=10us', single(100), {
        requests: 1,
        warmup: 0,
        workers: 1,
        costs: charging({
          wireNs: 5000,
          dispatcherReceiveNs: 70,
          dispatchNs: 30,
          handoffNs: 100,
          contextSwitchNs: 40,
          workerReceiveNs: 9,
          preemptNs: 110,
          signalNs: 190,
          preemptedNs: 470,
          noticeNs: 80,
          completionNs: 50,
          workerTransmitNs: 60,
        }),
      }),
    ]);
    // Each quantum runs on until the signal is there, 300 ns: nine full stretches of 10.3 us, and 7.3 us at the end.
    const { preemptions } = record;
    expect(preemptions).toBe(9);
    const perStart = 30 + 100 + 40;
    const perPreemption = 470 + 80 + 50;
    const expected = 2 * 5000 + 70 + 9 + 10 * perStart + 9 * perPreemption + 100_000 + 60;
    expect(record.histograms[0]!.sojournNs.sum).toBe(expected);
  });

  it('under shinjuku one costs its worker 0.87 us in all, as docs/systems.md adds up', async () => {
    const { costs } = readSystem('shinjuku');
    const alone = async (policy: string) => run(policy, single(100), { requests: 1, warmup: 0, workers: 1, costs });
    const [whole, cut] = [await alone('c-fcfs'), await alone('ts:quantum=5us')];
    const sojournNs = ({ histograms }: RunRecord) => histograms[0]!.sojournNs.sum;
    expect(cut.preemptions).toBeGreaterThan(15);
    const eachNs = (sojournNs(cut) - sojournNs(whole)) / cut.preemptions;
    const { preemptedNs, noticeNs, completionNs, dispatchNs, handoffNs, contextSwitchNs } = costs;
    const parts = [preemptedNs!, noticeNs, completionNs, dispatchNs, handoffNs, contextSwitchNs];
    expect(eachNs).toBe(parts.reduce((sum, ns) => sum + ns));
    const { text } = pages.find(({ path }) => path === 'docs/systems.md')!;
    expect(text).toContain(`${parts.join(' + ')} = ${eachNs} ns`);
  });

  it('a worker with a queue of its own does not wait for the dispatcher', async () => {
    const costs = charging({
      dispatchNs: 1000,
      completionNs: 1000,
      handoffNs: 500,
      noticeNs: 500,
      contextSwitchNs: 10,
    });
    // A burst of 3 at once: dealt at 1, 2 and 3 us, each 1 us long.
    const burst = parseWorkload('name: b\ntypes: [{ name: A, ratio: 1, service: 2us }]\narrivals: constant', 'b.yaml');
    const sum = async (policy: string) =>
      (await run(policy, burst, { requests: 3, warmup: 0, workers: 1, load: 1e9, costs })).histograms[0]!.sojournNs.sum;
    const first = 1000 + 500 + 10 + 2000;
    expect(await sum('d-fcfs')).toBe(3 * first + (1 + 2) * 2010);
    // With a central queue each of the others waits for the notice, its handling, the dispatch and the hand-off.
    expect(await sum('c-fcfs')).toBe(3 * first + (1 + 2) * (500 + 1000 + first));
  });
});

describe('a hand-off to a worker that has just become free', () => {
  const costs = charging({ handoffNs: 500, againNs: 100, noticeNs: 50 });
  const burst = parseWorkload('name: b\ntypes: [{ name: A, ratio: 1, service: 2us }]\narrivals: constant', 'b.yaml');
  const sum = async (policy: string, given: SystemCosts) =>
    (await run(policy, burst, { requests: 3, warmup: 0, workers: 1, load: 1e9, costs: given })).histograms[0]!.sojournNs
      .sum;
  // The first wakes the worker, the others come when it says that it is free.
  const expected = 3 * (500 + 2000) + (1 + 2) * (50 + 100 + 2000);

  it('takes as long as the system says', async () => {
    expect(await sum('c-fcfs', costs)).toBe(expected);
    const { againNs: _, ...unsaid } = costs;
    expect(await sum('c-fcfs', { ...unsaid, againNs: undefined })).toBe(expected + (1 + 2) * (500 - 100));
  });

  it.each(['d-fcfs', 'jbsq:k=3'])('is one of %s, too, where queues live in the dispatcher', async (policy) => {
    expect(await sum(policy, { ...costs, dispatcherQueues: true })).toBe(expected);
    expect(await sum(policy, costs)).toBe(3 * (500 + 2000) + (1 + 2) * 2000);
  });
});

describe('a worker with places that the dispatcher fills', () => {
  const burst = parseWorkload('name: b\ntypes: [{ name: A, ratio: 1, service: 2us }]\narrivals: constant', 'b.yaml');
  const inBurst = (policy: string, requests: number, costs: SystemCosts) =>
    run(policy, burst, { requests, warmup: 0, workers: 1, load: 1e9, costs });

  it('takes the next at once, and each filling costs what a start costs', async () => {
    const costs = charging({ dispatchNs: 100, completionNs: 50, handoffNs: 500, noticeNs: 700, contextSwitchNs: 10 });
    const record = await inBurst('jbsq:k=2', 4, costs);
    // Dealt at 100 and 200 ns. The second runs from 2610 on, when the first is done; the notice of that is there at
    // 3310 and handled at 3360, and the third dealt at 3460, long before the second is done. And so on.
    const done = [1, 2, 3, 4].map((i) => 100 + 500 + i * (10 + 2000));
    expect(record.histograms[0]!.sojournNs.sum).toBe(done.reduce((sum, ns) => sum + ns));
    // With one place the worker waits for the notice, its handling, the dispatch and the hand-off, as with a central
    // queue.
    const one = await inBurst('jbsq:k=1', 4, costs);
    expect(facts(one)).toEqual(facts(await inBurst('c-fcfs', 4, costs)));
    expect(one.histograms[0]!.sojournNs.sum).toBeGreaterThan(record.histograms[0]!.sojournNs.sum);
  });

  it('waits when what it has been dealt is not there yet', async () => {
    const costs = charging({ dispatchNs: 100, handoffNs: 500, noticeNs: 9000 });
    // Both places are filled by 700 ns; the third can be dealt when the notice of the first is there.
    const { histograms } = await inBurst('jbsq:k=2', 3, costs);
    const [first, second] = [600 + 2000, 600 + 4000];
    expect(histograms[0]!.sojournNs.sum).toBe(first + second + (first + 9000 + 100 + 500 + 2000));
  });

  it.each(['shinjuku', 'persephone'])('keeps the dispatcher of %s as busy as a central queue does', async (name) => {
    const { costs } = readSystem(name);
    const busy = async (policy: string) => {
      const options = { requests: 40_000, load: 0.5, workers: 14, costs };
      const { window } = await run(policy, shippedWorkload('extreme-bimodal'), options);
      return window.dispatcherNs / (window.toNs - window.fromNs);
    };
    const central = await busy('c-fcfs');
    expect(central).toBeGreaterThan(0.3);
    expect(await busy('jbsq:quantum=1s')).toBeCloseTo(central, 2);
    // A preemption is another notice, another filling, and what it costs to send.
    expect(await busy('jbsq')).toBeGreaterThan(central * 1.1);
    // Who deals arrivals only has less to do.
    expect(await busy('d-fcfs')).toBeLessThan(central * 0.9);
  });
});

describe('a dispatcher that runs requests itself', () => {
  const burst = parseWorkload('name: b\ntypes: [{ name: A, ratio: 1, service: 2us }]\narrivals: constant', 'b.yaml');

  it('runs one in slices, reads messages between them, and keeps it to its end', async () => {
    const costs = charging({ dispatchNs: 100, workerTransmitNs: 60, pollNs: 500, ownSwitchNs: 300 });
    const spans: string[] = [];
    const observer: Observer = {
      ...{ arrives() {}, drops() {}, steals() {}, dispatcher() {} },
      starts: (worker, request, _type, _fromNs, runsNs) => spans.push(`${request} on ${worker} from ${runsNs}`),
      stops: (worker, atNs, completed) => spans.push(`${completed ? 'done' : 'stops'} on ${worker} at ${atNs}`),
    };
    const record = await run('jbsq:k=1', burst, { requests: 3, warmup: 0, workers: 1, load: 1e9, costs, observer });
    // The worker has replied to the first at 2160. The dispatcher, whose number is 1, reads that when its slice is
    // over, at 2500, hands out the third, and only then goes on.
    expect(spans).toEqual([
      ...['0 on 0 from 100', '1 on 1 from 400', 'stops on 1 at 900', '1 on 1 from 1200', 'stops on 1 at 1700'],
      ...['1 on 1 from 2000', 'done on 0 at 2100', 'stops on 1 at 2500', '2 on 0 from 2600', '1 on 1 from 2900'],
      ...['done on 1 at 3400', 'done on 0 at 4600'],
    ]);
    expect(record.histograms[0]!.sojournNs.sum).toBe(2160 + 3460 + 4660);
  });

  it('is as much as one more worker where it has nothing else to do', async () => {
    const options = { load: 1.5, workers: 1, requests: 40_000, costs: charging({ pollNs: 1000 }) };
    const { window, growth } = await run('jbsq:quantum=1s', single(1), options);
    const windowNs = window.toNs - window.fromNs;
    expect(growth).toBe('none');
    expect((window.busyNs + window.dispatcherServedNs!) / windowNs).toBeCloseTo(1.5, 2);
    expect(window.dispatcherServedNs! / windowNs).toBeGreaterThan(0.45);
    // Half of it is lost in switches, which are its own work.
    const half = await run('jbsq', single(1), { ...options, costs: charging({ pollNs: 500, ownSwitchNs: 500 }) });
    expect(half.window.dispatcherNs / half.window.dispatcherServedNs!).toBeCloseTo(1, 2);
    expect((half.window.dispatcherNs + half.window.dispatcherServedNs!) / half.window.toNs).toBeLessThan(1);
  });

  it.each([
    ['c-fcfs', {}],
    ['d-fcfs', {}],
    ['jbsq', { dispatcherQueues: true as const }],
  ])('%s: only where the policy knows of it', async (policy, more) => {
    const options = { load: 0.95, requests: 3000, workers: 2 };
    const costs = charging({ pollNs: 1000, ...more });
    const { window } = await run(policy, shippedWorkload('exponential'), { ...options, costs });
    expect(window.dispatcherServedNs === undefined).toBe(policy !== 'jbsq');
  });
});

describe('workers that park', () => {
  const parking = charging({ parkNs: 2000, allocateNs: 10_000, wakeNs: 5000 });
  // One request each 33 us.
  const options = { requests: 3, warmup: 0, load: 100 / 33 / 2, workers: 2, costs: parking };

  it('are woken at once when all are parked, and at the next look of the allocator when not', async () => {
    const began: number[] = [];
    const observer: Observer = {
      ...{ arrives() {}, stops() {}, drops() {}, steals() {}, dispatcher() {} },
      starts: (_worker, _request, _type, fromNs) => began.push(fromNs),
    };
    await run('d-fcfs-steal', single(100), { ...options, observer });
    // The third, at 99 us, finds both at work, and takes the first that is done.
    expect(began).toEqual([33_000 + 5000, 70_000 + 5000, 138_000]);
  });

  it('are parked for as long as nothing comes, and lose no request', async () => {
    const alone = { ...options, workers: 1, load: 0.01, requests: 1000 };
    const { window, histograms } = await run('steal-ts', single(1), alone);
    // One request each 100 us, of which it wakes for 5, runs for 1, and looks for work for 2.
    expect(window.parkedNs! / (window.toNs - window.fromNs)).toBeCloseTo(0.92, 2);
    expect(histograms[0]!.sojournNs.sum).toBe(1000 * (5000 + 1000));
    // Polling workers are faster, and none is parked.
    const polling = await run('steal-ts', single(1), { ...alone, costs: NO_COSTS });
    expect(polling.histograms[0]!.sojournNs.sum).toBe(1000 * 1000);
    expect(polling.window.parkedNs).toBeUndefined();
    // A policy that does not know of parked workers has none.
    expect((await run('d-fcfs', single(1), alone)).window.parkedNs).toBeUndefined();
  });
});

it('a request that is preempted before it has run is received once', async () => {
  // Under srpt a shorter one takes the worker while the longer is on its way to it.
  const two = parseWorkload(
    'name: t\ntypes: [{ name: L, ratio: 0.5, service: 100us }, { name: S, ratio: 0.5, service: 1us ' +
      '}]\narrivals: poisson',
    't.yaml',
  );
  const costs = charging({ workerReceiveNs: 5000, contextSwitchNs: 3 });
  const { window, preemptions } = await run('srpt', two, { requests: 2000, warmup: 0, workers: 1, load: 0.6, costs });
  expect(preemptions).toBeGreaterThan(20);
  // All are received once, and switched to once, and once more after each preemption; the window ends with the last
  // arrival, the rest is served after it.
  expect(window.overheadNs).toBeLessThanOrEqual(2000 * 5003 + preemptions * 3);
  expect(window.overheadNs + window.busyNs).toBeLessThanOrEqual(window.toNs);
});

describe('a cost that varies', () => {
  const FIELDS = ['wireNs', 'handoffNs', 'contextSwitchNs'] as const;
  // Requests of 1 us that never meet: what they take beyond it is the cost.
  const lonely = (costs: SystemCosts, replication = 0) =>
    run('c-fcfs', single(1), { requests: 20_000, load: 1e-4, workers: 1, costs, replication });

  it.each(FIELDS)('is drawn from its quantiles for each request: %s', async (field) => {
    // Uniform from 0 to 1 us for three in four, from 1 to 9 us for the rest: mean 0.75 x 0.5 + 0.25 x 5 us.
    const quantiles = [
      [0, 0],
      [0.75, 1000],
      [1, 9000],
    ] as const;
    const { histograms } = await lonely(charging({ [field]: 400, spread: { [field]: quantiles } }));
    const times = field === 'wireNs' ? 2 : 1;
    const beyondNs = (share: number) => (quantileOf(histograms[0]!.sojournNs, share) - 1000) / times;
    // Four standard errors of the mean: 2.5 us over the root of 18 000.
    expect(
      Math.abs((histograms[0]!.sojournNs.sum / histograms[0]!.sojournNs.count - 1000) / times - 1625),
    ).toBeLessThan(75);
    expect(Math.abs(beyondNs(0.375) / 500 - 1)).toBeLessThan(0.05);
    expect(Math.abs(beyondNs(0.875) / 5000 - 1)).toBeLessThan(0.05);
  });

  it('that is always the same is that constant', async () => {
    const constants = { wireNs: 700, handoffNs: 90, contextSwitchNs: 30 };
    const spread = Object.fromEntries(
      FIELDS.map((field) => [
        field,
        [
          [0, constants[field]],
          [1, constants[field]],
        ],
      ]),
    );
    for (const policy of ['darc', 'd-fcfs', 'ts']) {
      const options = { requests: 6000, load: 0.9, workers: 5 };
      const constant = await run(policy, shippedWorkload('bimodal'), { ...options, costs: charging(constants) });
      const varying = await run(policy, shippedWorkload('bimodal'), {
        ...options,
        costs: charging({ spread, ...constants }),
      });
      expect(facts(varying)).toEqual(facts(constant));
    }
  });

  it('varies by the seed', async () => {
    const costs = charging({
      spread: {
        handoffNs: [
          [0, 0],
          [1, 9000],
        ],
      },
    });
    const [once, again, other] = [await lonely(costs), await lonely(costs), await lonely(costs, 1)];
    expect(again.digest).toBe(once.digest);
    expect(other.digest).not.toBe(once.digest);
  });
});

/** A workload of one request at a time, of this many us. */
function single(us: number) {
  return parseWorkload(`name: one\ntypes: [{ name: A, ratio: 1, service: ${us}us }]\narrivals: constant`, 'one.yaml');
}
