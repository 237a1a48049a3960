import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Lists, planSweep } from '../../../src/experiment/sweep/plan-sweep.js';
import { type PlannedPoint, pointKey } from '../../../src/experiment/sweep/planned-point.js';

/** Small points: c-fcfs and d-fcfs at two loads. */
export function plan(lists: Lists = {}): Promise<PlannedPoint[]> {
  return planSweep([
    { lists: { workload: ['bimodal'], policies: ['c-fcfs', 'd-fcfs'], load: [0.3, 0.6], requests: [2000], ...lists } },
  ]);
}

/** A point that is planned well and cannot be run: what it plays is no workload. */
export function poisoned(point: PlannedPoint): PlannedPoint {
  const spec = {
    ...point.spec,
    workload: { ...point.spec.workload, source: { text: 'name: poison', fileName: 'poison.yaml', files: {} } },
  } as PlannedPoint['spec'];
  return { ...point, spec, key: pointKey(spec, point.replications) };
}

/** A new folder each time; all are removed after the tests of the file. */
export function folders(): () => string {
  const root = mkdtempSync(join(tmpdir(), 'psp-sweep-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let made = 0;
  return () => join(root, String(made++));
}
