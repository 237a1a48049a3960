import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../src/experiment/sweep/store.js';
import { psp, pspHere, scratchFolder } from '../cli/psp.js';
import { missingNative } from './support.js';

const folder = scratchFolder();
const FIGURE = ['figure', '3', '--experiments', 'experiments', '--out', 'out'];

mkdirSync(join(folder, 'experiments'));
writeFileSync(
  join(folder, 'experiments/figure-3.yaml'),
  `workload: bimodal
workers: 2
system: persephone
warmup: 0.3
policy: [darc, c-fcfs]
load: 0.5
requests: 20k
replications: 1
`,
);

describe('psp figure --hw', () => {
  it('refuses what cannot be measured', async () => {
    expect((await pspHere(['figure', '8', '--hw'], folder)).err).toBe(
      'psp: figure 8: is only simulated: expected other figures with --hw or --hosts',
    );
    expect((await pspHere([...FIGURE, '--minutes', '3'], folder)).err).toContain(
      '--minutes: expected --hw or --hosts beside it',
    );
  });

  it.skipIf(missingNative() !== undefined)(
    'draws measured points over simulated curves and checks the claims on both',
    { timeout: 240_000 },
    async () => {
      const { code, out, err } = await psp([...FIGURE, '--hw', '--minutes', '0.1'], { cwd: folder });
      expect(err).toMatch(/^psp: 2 points on this machine beside 2 simulated ones, \d+ s each: about \d+ s in all/);
      expect(code).toBe(0);
      const claims = out.split('\n').filter((line) => /^ {2}(agrees|DISAGREES|finding)/.test(line));
      expect(claims.filter((line) => line.includes('measured: '))).toHaveLength(claims.length / 2);
      const csv = readFileSync(join(folder, 'out/figure-3-hw.csv'), 'utf8');
      expect(csv).toMatch(/^panel,series,x,y,ci95_low,ci95_high,failed,world\n/);
      expect(csv).toMatch(/\nall requests,"DARC, measured",0\.5,.*,hw\n/);
      expect(csv).toMatch(/\nall requests,DARC,0\.5,.*,sim\n/);
      const measured = readSweep(join(folder, 'out')).points.filter(({ result }) => result.world === 'hw');
      expect(measured.map(({ result }) => [result.policy, result.system])).toEqual([
        ['c-fcfs', 'persephone'],
        ['darc', 'persephone'],
      ]);
      // A fifth of the run, so that DARC reserves within it.
      const darc = measured[1]!.result;
      expect(darc.policyParameters.window).toBe(Math.floor(darc.requests * 0.2));
      expect(darc.reservations.length).toBeGreaterThan(0);
    },
  );
});
