import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import { runSimulation } from '../../../src/experiment/run/run-simulation.js';
import { parseWorkload } from '../../../src/workload/parse-workload.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-unclassified-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TYPES = `types:
  - { name: A, ratio: 0.5, service: 1us, classified: SHARE }
  - { name: B, ratio: 0.5, service: 100us, classified: SHARE }
`;

async function run(policy: string, given: { classified?: number; unclassified?: number }) {
  const path = join(folder, 'w.yaml');
  writeFileSync(path, `name: w\n${TYPES.replaceAll('SHARE', String(given.classified ?? 1))}`);
  const { unclassified } = given;
  const { specs } = await planRuns({
    ...{ workload: path, policies: [policy], workers: 4, load: 0.8, requests: 20_000, warmup: 0 },
    ...(unclassified !== undefined && { unclassified }),
  });
  return runSimulation(specs[0]!);
}

describe('requests that cannot be classified', () => {
  test('make fixed priority c-FCFS, when they are all, and types stay what they are', async () => {
    const fifo = await run('c-fcfs', {});
    for (const given of [{ classified: 0 }, { unclassified: 1 }]) {
      const blind = await run('fixed-priority', given);
      expect(blind.digest).toBe(fifo.digest);
      expect(blind.types.map(({ name, arrived }) => [name, arrived])).toEqual(
        fifo.types.map(({ name, arrived }) => [name, arrived]),
      );
    }
    expect((await run('fixed-priority', {})).digest).not.toBe(fifo.digest);
  });

  test('change nothing when there are none, or for a policy that does not look', async () => {
    const known = await run('darc', {});
    expect((await run('darc', { unclassified: 0 })).digest).toBe(known.digest);
    expect((await run('c-fcfs', { unclassified: 0.5 })).digest).toBe((await run('c-fcfs', {})).digest);
  });

  test('are as many as was said, and always the same', async () => {
    const some = await run('fixed-priority', { classified: 0.9 });
    expect((await run('fixed-priority', { unclassified: 0.1 })).digest).toBe(some.digest);
    const p99 = async (unclassified: number) => (await run('fixed-priority', { unclassified })).types[0]!.slowdown.p99!;
    expect(await p99(0.5)).toBeGreaterThan(1.5 * (await p99(0)));
  });

  test('are not of the type UNKNOWN, which has no share that is recognised', () => {
    const types = '{ name: UNKNOWN, ratio: 1, service: 1us, classified: 0.5 }';
    expect(() => parseWorkload(`name: w\ntypes: [${types}]\n`, 'w.yaml')).toThrow(
      'w.yaml:2:50: classified: expected no share of UNKNOWN that is recognised',
    );
  });
});
