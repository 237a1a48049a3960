import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareSides, type Side } from '../../src/experiment/compare/compare-results.js';
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
    const workload = workloadNamed('bimodal');
    const [workers, load, dilate] = [4, 0.5, 500];
    const common = { policy: parsePolicy('c-fcfs'), workers, seed: '1', requests: 150 } as const;
    const settings = { ...common, policies: ['c-fcfs'], workload: 'bimodal', load, warmup: WARMUP };
    const simulated = async (systems: readonly string[] = []) =>
      runSampled((await planRuns({ ...settings, ...(systems.length > 0 && { systems }) })).specs[0]!);
    let real: Side;

    beforeAll(async () => {
      const offer = { load, workers };
      const run = await runHardware({ ...common, workload, offer, dilate, net });
      expect(run.end).toBe('complete');
      const identity = { ...common, workload, offer, warmup: WARMUP, startedAt: new Date(), wallSeconds: 0 };
      real = { result: hardwareResult(run, identity), samples: hardwareSamples(run, workload, WARMUP) };
    }, 90_000);

    it('take about as long, each of them', async () => {
      const comparison = compareSides([await simulated()], [real]);
      const [short, long, all] = comparison.runs[0]!.types;
      // Both worlds must have the same requests, and measure the same of them.
      expect(all!.paired!.count).toBe(135);
      // The real request is never faster than the simulated one by more than a rounding. How much slower it is depends
      // on what else this machine does, so only the median has a limit.
      expect(all!.paired!.medianNs).toBeLessThan(0);
      expect(long!.slowdown.p50!.relative).toBeGreaterThan(-0.3);
      expect(long!.slowdown.p50!.relative).toBeLessThan(0.02);
      expect(short!.ks).toBeGreaterThan(0);
    });

    it('agree within 40 % when the costs are calibrated', async () => {
      const { policy } = common;
      const calibration = await calibrate({ policy, workers, dilate, net, requests: 100, workload, load });
      const path = join(folder, 'here.yaml');
      const file = { name: 'here', policy: 'c-fcfs', machine: 'm', date: '2026-11-25' };
      writeFileSync(path, systemYaml(file, calibration));
      // The limit is wide, because other tests run meanwhile. This shows that the parts fit, not how exact a
      // calibration is.
      const { agrees, verdicts } = compareSides([await simulated([path])], [real], { tolerance: 0.4 });
      expect(agrees, JSON.stringify(verdicts)).toBe(true);
    });
  },
);
