import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hardwareOffer,
  readHardwareInput,
  refuseMissingFlows,
} from '../../../src/experiment/hardware/hardware-input.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'psp-input-'));
  // 3 requests in 3 us: 2 gaps of 1.5 us.
  write('a.csv', 'arrival_ns,type,service_ns\n0,GET,1000\n1000,UNKNOWN,1\n3000,GET,2001\n');
  write('flows.csv', 'arrival_ns,type,service_ns,flow\n0,GET,1000,7\n1000,GET,1000,8\n');
  write('once.csv', 'arrival_ns,type,service_ns\n5,GET,1000\n5,GET,1000\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

const read = (workload: string, more = {}) =>
  readHardwareInput({ workload: workload.includes('.') ? join(folder, workload) : workload, ...more });

describe('what a run on a machine plays', () => {
  test('of a trace: its types, shares and means, UNKNOWN last', async () => {
    const { workload, trace } = await read('a.csv');
    expect([workload.name, workload.title, workload.classified]).toEqual(['a', 'Trace a.csv', 1]);
    expect(workload.types.map(({ name }) => name)).toEqual(['GET', 'UNKNOWN']);
    const [phase] = workload.phases;
    expect(phase!.ratio).toEqual([2 / 3, 1 / 3]);
    expect(phase!.service.map(({ meanNs }) => meanNs)).toEqual([1501, 1]);
    expect(trace!.summary.requests).toBe(3);
  });

  test('a trace is played as it is, or at what is asked for', async () => {
    const input = await read('a.csv');
    const rateRps = 2 / 3e-6;
    expect(hardwareOffer(input, {}, 2)).toMatchObject({ offer: { rateRps }, trace: { rateScale: 1 } });
    expect(hardwareOffer(input, { rateScale: 3 }, 2).offer).toEqual({ rateRps: rateRps * 3 });
    expect(hardwareOffer(input, { rateRps: rateRps / 4 }, 2).trace!.rateScale).toBeCloseTo(0.25, 12);
    const loaded = hardwareOffer(input, { load: 0.5 }, 2);
    // Half of two workers: one second of work a second, 3002/3 ns each.
    expect((loaded.offer as { rateRps: number }).rateRps).toBeCloseTo(1e9 / (3002 / 3), 3);
  });

  test('a workload file is offered at a load or a rate', async () => {
    const input = await readHardwareInput({ workload: 'bimodal' });
    expect(hardwareOffer(input, {}, 4)).toEqual({ offer: { load: 0.8, workers: 4 } });
    expect(hardwareOffer(input, { load: 0.3 }, 4)).toEqual({ offer: { load: 0.3, workers: 4 } });
    expect(hardwareOffer(input, { rateRps: 5 }, 4)).toEqual({ offer: { rateRps: 5 } });
  });

  test('what cannot be is refused', async () => {
    await expect(read('once.csv')).rejects.toThrow('once.csv: has no rate: all requests arrive at once');
    await expect(readHardwareInput({ workload: 'bimodal', rateScale: 2 })).rejects.toThrow('rate-scale is for traces');
    const input = await read('a.csv');
    expect(() => refuseMissingFlows(parsePolicy('d-fcfs:steering=hash'), input)).toThrow(
      "the trace has no column 'flow'",
    );
    expect(() => refuseMissingFlows(parsePolicy('d-fcfs:steering=random'), input)).not.toThrow();
    expect(() => refuseMissingFlows(parsePolicy('c-fcfs'), input)).not.toThrow();
    const flows = await read('flows.csv');
    expect(() => refuseMissingFlows(parsePolicy('d-fcfs:steering=hash'), flows)).not.toThrow();
  });
});
