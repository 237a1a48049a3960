import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { firstLook, recordedPart } from '../../src/lab/first-look.js';
import { openLab, planLab } from '../../src/lab/lab-run.js';
import { recordRun } from '../../src/lab/record-run.js';

const text = readFileSync(new URL('../../workloads/bimodal.yaml', import.meta.url), 'utf8');
const run = {
  ...{
    policies: ['c-fcfs', 'darc'] as [string, string],
    load: 0.8,
    workers: 14,
    seed: '1',
    requests: 200_000,
    code: '',
  },
  ...{ workload: { name: 'bimodal', text }, system: undefined },
};

it('is short, and a policy that profiles has reserved by then', () => {
  const look = firstLook(run);
  expect(look.part.skip + look.part.count).toBeLessThan(recordedPart(run).skip / 8);
  expect(look.run.policies[0]).toBe('c-fcfs');
  const spec = planLab(look.run).specs[1]!;
  const { recording } = recordRun(spec, openLab(spec), look.part, false);
  expect(recording.reservations.at(-1)!.groups.map(({ workers }) => workers.length)).toEqual([1, 13]);
});

it('leaves what profiles soon, what is wrong and what is of the editor as it is', () => {
  const policies = (second: string) => firstLook({ ...run, policies: ['darc:window=500', second] }).run.policies;
  expect(policies('./mine.ts:window=50000')).toEqual(['darc:window=500', './mine.ts:window=50000']);
  expect(policies('nonesuch')).toEqual(['darc:window=500', 'nonesuch']);
});

it('fits into a run that is shorter', () => {
  expect(firstLook({ ...run, requests: 2000 }).part).toEqual({ skip: 800, count: 1200 });
  expect(recordedPart({ ...run, requests: 20_000 })).toEqual({ skip: 8000, count: 6000 });
});
