import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { judge, parseSlo } from '../../../src/experiment/capacity/slo.js';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import { runSimulation } from '../../../src/experiment/run/run-simulation.js';
import type { Result } from '../../../src/results/result.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-exact-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function constantService(service: string, load: number, requests: number): Promise<Result> {
  writeFileSync(join(folder, 'one.yaml'), `name: one\ntypes: [{ name: A, ratio: 1, service: ${service} }]\n`);
  const { specs } = await planRuns({
    workload: join(folder, 'one.yaml'),
    policies: ['c-fcfs'],
    workers: 8,
    load,
    requests,
  });
  return runSimulation(specs[0]!);
}

it.each(['10us', '12.345us', '100us'])('a constant service of %s meets the bound it is', async (service) => {
  const result = await constantService(service, 0.3, 20_000);
  for (const slo of [`p50 sojourn <= ${service}`, 'p50 slowdown <= 1']) {
    expect(judge(result, [parseSlo(slo)])).toMatchObject({ verdict: 'holds' });
  }
  expect(result.types[0]!.slowdown).toMatchObject({ p50: 1, min: 1 });
  expect(result.types[0]!.slowdown.max).toBeGreaterThan(1);
});

it.each([2, 24])('a service of %d hours is reported as that', async (hours) => {
  const { types } = await constantService(`${hours}h`, 0.5, 50);
  const ns = hours * 3600e9;
  expect(types[0]!.serviceNs).toMatchObject({ p50: ns, p99_9: ns, min: ns, max: ns });
  expect(types[0]!.sojournNs.p99).toBeGreaterThanOrEqual(ns);
});
