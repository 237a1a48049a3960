import { expect, it } from 'vitest';
import { hardwareResult } from '../../src/experiment/hardware/run-hardware.js';
import { ALONE, LEAD_NS, makeTrace } from '../../src/hw/client/planned-trace.js';
import { readServerCounts } from '../../src/hw/memory/counts.js';
import { createSharedMemory } from '../../src/hw/memory/layout.js';
import { givenDilation } from '../../src/hw/run/dilation.js';
import { finishedRun, type HardwareRun } from '../../src/hw/run/run-pair.js';
import { createResult } from '../../src/metrics/create-result.js';
import type { Manifest } from '../../src/results/result.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { CONSTANTS } from '../../src/sim/costs.js';
import { run, shippedWorkload } from '../support/workloads.js';
import { pages } from './pages.js';

const manifest: Manifest = {
  version: '0',
  commit: null,
  node: '',
  cpu: '',
  configHash: '',
  startedAt: '',
  wallSeconds: 0,
};

/** The names in a page's code words, without the objects they are in. */
function wordsOfPage(): Set<string> {
  const { text } = pages.find(({ path }) => path === 'docs/result-format.md')!;
  return new Set([...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!.replace(/^.*\./, '').replace('[]', '')));
}

it('docs/result-format.md names every field of a result', async () => {
  const record = await run('darc', shippedWorkload('bimodal'), { requests: 1000 });
  const identity = {
    policy: 'darc',
    system: 'persephone',
    policyParameters: {},
    workload: 'bimodal',
    workers: 14,
    load: 0.8,
  };
  const result = createResult(
    { world: 'sim', ...identity, offeredRps: 1, seed: '1', warmup: 0.1, warmupRule: 'given' },
    record,
    manifest,
  );
  const words = wordsOfPage();
  const fields = [
    result,
    result.manifest,
    result.overall,
    result.types[0]!,
    result.reservations[0]!,
    result.overall.slowdown,
    result.overall.slowdown.ci95,
  ];
  const names = [...fields.flatMap((each) => Object.keys(each)), ...CONSTANTS.map(({ field }) => field)];
  expect(names.filter((key) => !words.has(key))).toEqual([]);
});

it('docs/result-format.md names every field of a result of a real machine', async () => {
  const workload = shippedWorkload('bimodal');
  const offer = { load: 0.5, workers: 4 };
  const trace = await makeTrace(workload, offer, { seed: 1, requests: 100, share: ALONE });
  const after = (ns: number) => trace.arrivalNs.map((arrivalNs) => (arrivalNs + ns) * 10 + LEAD_NS);
  const records = {
    ...{ sentNs: after(10), receivedNs: after(20), dispatchedNs: after(30), startedNs: after(40) },
    worker: new Int32Array(100),
  };
  const counts = {
    sent: 100,
    received: 99,
    late: 1,
    skipped: 0,
    foreign: 0,
    duplicates: 0,
    malformed: 0,
    ...{ badChecksum: 0, withoutChecksum: 0, stranger: 0 },
    sendAttempts: 100,
  };
  const repliedNs = after(1000);
  repliedNs[99] = Number.NaN;
  const memory = createSharedMemory({ workers: 4, types: 2, slots: 16, arrivalsCapacity: 16 });
  const played = finishedRun(
    givenDilation(10, 4, 2),
    trace,
    {
      records: { ...records, endedNs: after(900), repliedNs },
      counts: { ...counts, nowNs: 1e9 },
      end: 'drained',
      durationNs: 1e9,
      watched: [],
    },
    { counts: { ...readServerCounts(memory), reservations: 12_000 }, reservations: [] },
  );
  const identity = {
    workload,
    policy: parsePolicy('darc'),
    offer,
    workers: 4,
    seed: '1',
    warmup: 0,
    startedAt: new Date(0),
    wallSeconds: 1,
  };
  const result = hardwareResult(played, identity);
  expect(result).toMatchObject({ lost: 1, late: 1, serverCounted: true, reservationsLeftOut: 12_000 });
  expect(result.fromActualSend.sojournNs.p50).toBeCloseTo(990, -1);
  expect(result.server.serviceNs.p50).toBeCloseTo(860, -1);
  const fields = [result, result.manifest, result.dropReasons, result.fromActualSend, result.server];
  const words = wordsOfPage();
  expect(fields.flatMap((each) => Object.keys(each)).filter((key) => !words.has(key))).toEqual([]);

  const { policy: _, ...unsaid } = identity;
  const alone = hardwareResult({ ...played, server: undefined } as unknown as HardwareRun, unsaid);
  expect(alone).toMatchObject({
    policy: 'unknown',
    policyParameters: {},
    serverCounted: false,
    lost: 1,
    utilisation: 0,
  });
});
