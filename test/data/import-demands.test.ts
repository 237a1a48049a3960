import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { workloadYaml } from '../../src/data/import/workload-yaml.js';
import { scanTraceFile } from '../../src/files/trace-file.js';
import { KnownValues } from '../../src/metrics/histogram.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { importFile, simulatedLog } from './logs.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-demands-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = ['GET /item/:id', 'POST /order, "now"'] as const;
const WORKERS = 4;
writeFileSync(
  join(folder, 'shop.yaml'),
  `name: shop
types:
  - { name: 'GET /item/:id', ratio: 0.9, service: { lognormal: { mean: 100us, sigma: 0.5 } } }
  - { name: 'POST /order, "now"', ratio: 0.1, service: { exponential: { mean: 1ms } } }
`,
);

/** Writes a log with response times, in the order of completion, as a service does. */
async function logOf(policy: string, requests = 60_000): Promise<{ path: string; demands: Map<string, number[]> }> {
  const log = await simulatedLog(join(folder, 'shop.yaml'), policy, WORKERS, 0.7, requests);
  const demands = new Map<string, number[]>(NAMES.map((name) => [name, []]));
  const rows = Array.from({ length: log.length }, (_, i) => {
    const name = log.names[log.type[i]!]!;
    demands.get(name)!.push(log.serviceNs[i]!);
    const end = BigInt(log.arrivalNs[i]!) + BigInt(log.sojournsNs[i]!);
    return { end, line: `${1_709_294_400_000_000_000n + end},"${name.replaceAll('"', '""')}",${log.sojournsNs[i]}` };
  });
  rows.sort((a, b) => (a.end < b.end ? -1 : 1));
  const path = join(folder, `${policy}.csv`);
  writeFileSync(path, `end_ns,endpoint,took_ns\n${rows.map(({ line }) => line).join('\n')}\n`);
  return { path, demands };
}

function exact(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;
}

describe('demands from response times', () => {
  test('are those of the service, at load 0.7, first come, first served', async () => {
    const { path, demands } = await logOf('c-fcfs');
    const { types, evidence, log, arrivals } = await importFile(path, { folder, isService: false, workers: WORKERS });
    expect([arrivals.process, arrivals.assumed]).toEqual(['poisson', undefined]);
    expect(log.columns.timeIs).toBe('completion');
    expect(evidence).toMatchObject({ method: 'fcfs', contradictions: 0, fittingWorkers: WORKERS });
    expect(types.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    for (const { name, demands: found } of types) {
      const values = new KnownValues(found);
      const known = demands.get(name)!;
      expect(values.count).toBe(known.length);
      for (const q of [0.1, 0.5, 0.9, 0.99, 0.999]) {
        const [{ value } = { value: Number.NaN }] = values.quantiles([q]);
        expect(Math.abs(value / exact(known, q) - 1)).toBeLessThan(0.05);
      }
    }
    const trace = await scanTraceFile(join(folder, 'trace.csv.gz'), 'trace.csv.gz');
    expect(trace.summary.types.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    expect(trace.summary.requests).toBe(60_000);
  });

  test('are estimates where another policy served, and the log says so', async () => {
    const { path, demands } = await logOf('ts');
    const { types, evidence } = await importFile(path, { folder, isService: false, workers: WORKERS });
    expect(evidence!.method).toBe('quiet');
    for (const { name, demands: found } of types) {
      const [{ value } = { value: Number.NaN }] = new KnownValues(found).quantiles([0.5]);
      expect(Math.abs(value / exact(demands.get(name)!, 0.5) - 1)).toBeLessThan(0.25);
    }
  });

  test('are refused where there are more workers than were said, and the fewest that fit are named', async () => {
    const { path } = await logOf('c-fcfs', 20_000);
    await expect(importFile(path, { folder, isService: false, workers: 1 })).rejects.toThrow(
      /cannot be known|workers can serve/,
    );
    const { evidence } = await importFile(path, { folder, isService: false, workers: 3 }).catch(() => ({
      evidence: undefined,
    }));
    if (evidence) expect(evidence).toMatchObject({ method: 'quiet', fittingWorkers: WORKERS });
  });

  test('are no response times: a load above 1 is refused, and no trace is left', async () => {
    const { path } = await logOf('c-fcfs', 20_000);
    const before = readFileSync(join(folder, 'trace.csv.gz'));
    await expect(importFile(path, { folder, isService: true, workers: 4 })).rejects.toThrow(
      'these durations contain waiting; for response times, say --duration-is response',
    );
    expect(readFileSync(join(folder, 'trace.csv.gz')).equals(before)).toBe(true);
  });
});

test('a workload of what was measured has its types, shares and quantiles, whatever their names', async () => {
  const { path, demands } = await logOf('c-fcfs', 20_000);
  const { types } = await importFile(path, { folder, isService: false, workers: WORKERS });
  const workload = parseWorkload(workloadYaml('a: "b"\\', 'from\n x', types, 'poisson'), 'w.yaml');
  expect(workload.name).toBe('a: "b"\\');
  workload.types.forEach(({ name }, k) => {
    const known = demands.get(name)!;
    const { ratio, service } = workload.phases[0]!;
    expect(ratio[k]).toBeCloseTo(known.length / 20_000, 6);
    const mean = known.reduce((a, b) => a + b, 0) / known.length;
    expect(Math.abs(service[k]!.meanNs / mean - 1)).toBeLessThan(0.01);
  });
});
