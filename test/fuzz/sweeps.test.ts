import { expect, it } from 'vitest';
import { receiveSpec } from '../../src/experiment/plan/run-spec.js';
import { runSimulation } from '../../src/experiment/run/run-simulation.js';
import type { PlannedPoint } from '../../src/experiment/sweep/planned-point.js';
import type { Point } from '../../src/results/point.js';
import { plan } from '../experiment/sweep/points.js';
import { runs, SEED } from '../support/runs.js';
import { fuzzAnswers, fuzzFolders, fuzzJobs } from './sweeps.js';

const RUNS = runs(300);

async function planned(): Promise<[PlannedPoint, Point]> {
  const [point] = await plan({ policies: ['darc'], load: [0.5] });
  const { key, command, spec } = point!;
  return [point!, { schema: 'psp.point/1', key, command, result: await runSimulation(receiveSpec(spec)) }];
}

it('jobs from a hostile queue are refused or are what psp could have planned', async () => {
  const some = await plan({ systems: ['shinjuku'], precision: [{ relative: 0.1, statistic: 'p99' }] });
  const [point] = await planned();
  expect(() => fuzzJobs(String(SEED), RUNS, [...some, point])).not.toThrow();
});

it('answers from a hostile queue are refused or are the planned point', async () => {
  const [point, finished] = await planned();
  expect(() => fuzzAnswers(String(SEED), RUNS, point, finished)).not.toThrow();
});

it('hostile result folders are read as far as they are whole', async () => {
  const [point, finished] = await planned();
  expect(() => fuzzFolders(String(SEED), RUNS / 3, point, finished)).not.toThrow();
});
