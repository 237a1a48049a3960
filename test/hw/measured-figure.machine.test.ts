import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../src/experiment/sweep/store.js';
import { psp, pspHere, scratchFolder } from '../cli/psp.js';
import { missingNative } from './support.js';

const folder = scratchFolder();
const FIGURES = ['figure', '3', '8', '--experiments', 'experiments', '--out', 'out'];

mkdirSync(join(folder, 'experiments'));
writeFileSync(
  join(folder, 'experiments/figure-3.yaml'),
  `workload: bimodal
workers: 2
system: persephone
warmup: 0.3
policy: darc
load: 0.5
requests: 20k
replications: 1
`,
);
writeFileSync(
  join(folder, 'experiments/figure-8.yaml'),
  `workload: changing
workers: 2
system: persephone
warmup: 0
load: 0.5
policy: [darc, c-fcfs]
duration: 20s
seed: [1, 2]
`,
);

describe('psp figure --hw', () => {
  it('refuses what cannot be measured', async () => {
    expect((await pspHere([...FIGURES, '--minutes', '3'], folder)).err).toContain(
      '--minutes: expected --hw or --hosts beside it',
    );
  });

  it.skipIf(missingNative() !== undefined)(
    'draws measured points over simulated curves and checks the claims on both',
    { timeout: 240_000 },
    async () => {
      const { code, out, err } = await psp([...FIGURES, '--hw', '--minutes', '0.1', '--dilate', '100'], {
        cwd: folder,
      });
      expect(err).toMatch(/^psp: 3 points on this machine beside 3 simulated ones, \d+ s each: about \d+ s in all/);
      expect(code).toBe(0);
      const claims = out.split('\n').filter((line) => /^ {2}(agrees|DISAGREES|finding)/.test(line));
      expect(claims.filter((line) => line.includes('measured: '))).toHaveLength(claims.length / 2);
      const csv = readFileSync(join(folder, 'out/figure-3-hw.csv'), 'utf8');
      expect(csv).toMatch(/^panel,series,x,y,ci95_low,ci95_high,failed,world\n/);
      expect(csv).toMatch(/\nall requests,"DARC, measured",0\.5,.*,hw\n/);
      expect(csv).toMatch(/\nall requests,DARC,0\.5,.*,sim\n/);
      const measured = readSweep(join(folder, 'out')).points.filter(({ result }) => result.world === 'hw');
      expect(measured.map(({ result }) => [result.policy, result.workload, result.system])).toEqual([
        ['darc', 'bimodal', 'persephone'],
        ['c-fcfs', 'changing in 5ms', 'persephone'],
        ['darc', 'changing in 5ms', 'persephone'],
      ]);
      // A fifth of the run, so that DARC reserves within it.
      const darc = measured[0]!.result;
      expect(darc.policyParameters.window).toBe(Math.floor(darc.requests * 0.2));
      expect(darc.reservations.length).toBeGreaterThan(0);
      // Figure 8: phases that fit the time, and slices of each.
      const changing = measured[2]!.result;
      expect(changing.slices!.length).toBeGreaterThanOrEqual(40);
      const inSlices = changing.slices!.flatMap(({ types }) => types.map(({ sojournNs }) => sojournNs.count));
      expect(inSlices.reduce((sum, count) => sum + count, 0)).toBe(changing.completed);
      const points = readFileSync(join(folder, 'out/figure-8-hw.csv'), 'utf8');
      expect(points).toMatch(/\ncores that DARC reserves,"SHORT, measured",.*,hw\n/);
      expect(points).toMatch(/\nSHORT,"c-FCFS, measured",.*,hw\n/);
      expect(points).toMatch(/\nSHORT,c-FCFS,.*,sim\n/);
    },
  );
});
