import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compareSides } from '../../src/experiment/compare/compare-results.js';
import { calibrate } from '../../src/experiment/hardware/calibrate-system.js';
import { systemYaml } from '../../src/experiment/hardware/calibration-file.js';
import { hardwareResult, hardwareSamples } from '../../src/experiment/hardware/run-hardware.js';
import { planRuns } from '../../src/experiment/plan/plan.js';
import { runSampled } from '../../src/experiment/run/run-sampled.js';
import { runHardware } from '../../src/hw/run/run-pair.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { FORMS, missingNative, workloadNamed } from './support.js';

const WARMUP = 0.1;
const folder = mkdtempSync(join(tmpdir(), 'psp-paired-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'the same requests in both worlds, poll: %s',
  { timeout: 90_000 },
  (net) => {
    it('take about as long, each of them', async () => {
      const workload = workloadNamed('bimodal');
      const common = { policy: parsePolicy('c-fcfs'), workers: 4, seed: '1', requests: 300 } as const;
      const run = await runHardware({ ...common, workload, offer: { load: 0.5, workers: 4 }, dilate: 1000, net });
      expect(run.end).toBe('complete');
      const offer = { load: 0.5, workers: 4 };
      const identity = { ...common, workload, offer, warmup: WARMUP, startedAt: new Date(), wallSeconds: 0 };
      const real = { result: hardwareResult(run, identity), samples: hardwareSamples(run, workload, WARMUP) };
      const plan = await planRuns({ ...common, policies: ['c-fcfs'], workload: 'bimodal', load: 0.5, warmup: WARMUP });
      const comparison = compareSides([await runSampled(plan.specs[0]!)], [real]);

      const [short, long, all] = comparison.runs[0]!.types;
      // Both worlds must have the same requests, and measure the same of them.
      expect(all!.paired!.count).toBe(270);
      // The real request is never faster than the simulated one by more than a rounding. How much slower it is depends
      // on what else this machine does, so only the median has a limit.
      expect(all!.paired!.medianNs).toBeLessThan(0);
      expect(long!.slowdown.p50!.relative).toBeGreaterThan(-0.3);
      expect(long!.slowdown.p50!.relative).toBeLessThan(0.02);
      expect(short!.ks).toBeGreaterThan(0);
    });

    it('agree within 40 % when the costs are calibrated', async () => {
      const workload = workloadNamed('bimodal');
      const [workers, load, dilate] = [4, 0.5, 1000];
      const calibration = await calibrate({
        policy: parsePolicy('c-fcfs'),
        workers,
        dilate,
        net,
        requests: 100,
        workload,
        load,
      });
      const path = join(folder, 'here.yaml');
      writeFileSync(
        path,
        systemYaml({ name: 'here', policy: 'c-fcfs', machine: 'm', date: '2026-11-25' }, calibration),
      );
      const common = { policy: parsePolicy('c-fcfs'), workers, seed: '1', requests: 300 } as const;
      const run = await runHardware({ ...common, workload, offer: { load, workers }, dilate, net });
      const identity = { ...common, workload, offer: { load, workers }, warmup: WARMUP, startedAt: new Date() };
      const real = {
        result: hardwareResult(run, { ...identity, wallSeconds: 0 }),
        samples: hardwareSamples(run, workload, WARMUP),
      };
      const settings = { ...common, policies: ['c-fcfs'], workload: 'bimodal', load, warmup: WARMUP, systems: [path] };
      const simulated = await runSampled((await planRuns(settings)).specs[0]!);
      // The limit is wide, because other tests run meanwhile. This shows that the parts fit, not how exact a
      // calibration is.
      const { agrees, verdicts } = compareSides([simulated], [real], { tolerance: 0.4 });
      expect(agrees, JSON.stringify(verdicts)).toBe(true);
    });
  },
);
