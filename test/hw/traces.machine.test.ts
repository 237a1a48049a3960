import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hardwareOffer, readHardwareInput } from '../../src/experiment/hardware/hardware-input.js';
import { hardwareResult, hardwareSamples } from '../../src/experiment/hardware/run-hardware.js';
import { planRuns } from '../../src/experiment/plan/plan.js';
import { runSampled } from '../../src/experiment/run/run-sampled.js';
import { runHardware } from '../../src/hw/run/run-pair.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { FORMS, missingNative } from './support.js';

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'a trace file on this machine, poll: %s',
  { timeout: 90_000 },
  (net) => {
    it('is played request by request, at the rate asked for, and is the one the simulator plays', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'psp-trace-'));
      try {
        const lines = Array.from(
          { length: 200 },
          (_, i) => `${i * 10_000},${i % 4 === 0 ? 'SCAN,30000' : 'GET,2000'}\n`,
        );
        const path = join(folder, 'recorded.csv.gz');
        writeFileSync(path, gzipSync(`arrival_ns,type,service_ns\n${lines.join('')}`));
        const input = await readHardwareInput({ workload: path });
        const common = { policy: parsePolicy('c-fcfs'), workers: 4, seed: '1', requests: 150 } as const;
        const { offer, trace } = hardwareOffer(input, { rateScale: 2 }, 4);
        const spec = { ...common, workload: input.workload, offer, trace: trace!, dilate: 1000, net } as const;
        const run = await runHardware(spec);
        expect([run.end, run.wrong]).toEqual(['complete', []]);
        expect(Array.from(run.trace.arrivalNs.subarray(0, 3))).toEqual([0, 5000, 10_000]);

        const result = hardwareResult(run, { ...spec, warmup: 0, startedAt: new Date(), wallSeconds: 0 });
        expect([result.completed, result.workload]).toEqual([150, 'recorded']);
        const [get, scan] = ['GET', 'SCAN'].map((name) => result.types.find((type) => type.name === name)!);
        expect([get!.arrived, scan!.arrived]).toEqual([112, 38]);
        // Each request took what it demanded.
        expect(scan!.sojournNs.p50).toBeGreaterThan(29_900);
        const plan = await planRuns({ ...common, policies: ['c-fcfs'], workload: path, rateScale: 2, warmup: 0 });
        const simulated = await runSampled(plan.specs[0]!);
        expect(hardwareSamples(run, input.workload, 0).traceDigest).toBe(simulated.samples.traceDigest);
        expect(result.load).toBeCloseTo(simulated.result.load!, 9);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
