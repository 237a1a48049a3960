import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hardwareEngine, takingTurns } from '../../../src/experiment/sweep/hardware-engine.js';
import type { RealPlan } from '../../../src/experiment/sweep/plan-real.js';
import { type Lists, planSweep } from '../../../src/experiment/sweep/plan-sweep.js';
import { runSweep } from '../../../src/experiment/sweep/run-sweep.js';
import { readSweep } from '../../../src/experiment/sweep/store.js';
import { type HardwareRun, type HardwareSpec, runHardware } from '../../../src/hw/run/run-pair.js';
import type { HardwareFields } from '../../../src/results/hardware-fields.js';
import type { Result } from '../../../src/results/result.js';
import { EnvironmentError } from '../../../src/units/errors.js';
import { psp } from '../../cli/psp.js';
import { missingNative } from '../../hw/support.js';
import { folders } from './points.js';

const folder = folders();

const plan = (real: Partial<RealPlan>, lists: Lists = {}, notes = new Set<string>()) =>
  planSweep(
    [
      {
        lists: {
          workload: ['bimodal'],
          policies: ['c-fcfs', 'darc:window=50'],
          load: [0.3],
          requests: [100],
          ...lists,
        },
      },
    ],
    notes,
    { world: 'hw', dilate: 100, repeat: 1, ...real },
  );

describe('points of a machine', () => {
  it('take turns over the policies, and differ from simulated ones in their keys', async () => {
    const points = await plan({ world: 'both' }, { load: [0.3, 0.6] });
    expect(new Set(points.map(({ key }) => key)).size).toBe(8);
    const real = takingTurns(points.filter((point) => point.real));
    expect(real.map(({ spec }) => spec.policy)).toEqual(['c-fcfs', 'darc:window=50', 'c-fcfs', 'darc:window=50']);
    expect(real[0]!.command).toBe(
      'psp run --hw --workload bimodal --policy c-fcfs --load 0.3 --requests 100 --warmup 0.1 --dilate 100',
    );
    // The twin plays the same requests.
    expect(points[1]!.spec).toEqual(points[0]!.spec);
  });

  it('of a policy that no machine can run are only simulated, or refused', async () => {
    const notes = new Set<string>();
    const points = await plan({ world: 'both' }, { policies: ['srpt'] }, notes);
    expect(points.map(({ real }) => real)).toEqual([undefined]);
    expect([...notes]).toEqual([expect.stringMatching(/^simulated only: srpt: knows the remaining service demand/)]);
    await expect(plan({}, { policies: ['srpt'] })).rejects.toThrow('which no real machine does');
  });

  it('last ten seconds of real time, unless the experiment says how long', async () => {
    const lists = { workload: ['bimodal'], policies: ['c-fcfs'], load: [0.5], workers: [4] };
    const [point] = await planSweep([{ lists }], undefined, { world: 'hw', dilate: 1000, repeat: 2 });
    // 4 workers at load 0.5 take a request every 25.25 us, stretched a thousand times.
    expect(point!.spec.end).toEqual({ requests: Math.round(10 / 0.02525) });
    expect(point!.real!.seconds).toBeCloseTo(2 * 13, 1);
  });
});

describe.skipIf(missingNative() !== undefined)('a sweep on a machine', { timeout: 240_000 }, () => {
  it('pools repetitions, repeats what was disturbed, tries again what failed', async () => {
    const spec: HardwareSpec[] = [];
    let run: HardwareRun | undefined;
    const away = [0.5, 0, 0.4, 0.3, 0.6];
    const engine = hardwareEngine({
      retries: 1,
      async runOnce(told, options) {
        spec.push(told);
        if (spec.length === 1) throw new EnvironmentError('the server ended unexpectedly (SIGKILL)');
        run ??= await runHardware(told, options);
        return { ...run, away: { gaps: [], totalNs: 0, share: away.shift() ?? 0 } };
      },
    });
    const notes: string[] = [];
    const [point] = await plan({ repeat: 3 });
    const out = folder();
    const outcome = await runSweep([point!], { out, engine, onNote: (line) => notes.push(line) });
    expect(outcome.failures).toEqual([]);
    expect(spec.map(({ replication }) => replication)).toEqual([0, 0, 0, 1, 1, 1, 2]);
    expect(notes).toEqual([`${point!.command}: the server ended unexpectedly (SIGKILL): tried again`]);
    const result = outcome.points[0]!.result as Result & HardwareFields;
    expect(result).toMatchObject({
      world: 'hw',
      replications: 3,
      requests: 300,
      disturbedRuns: { repeated: 3, kept: 1 },
    });
    expect(result.fromActualSend.sojournNs.count).toBe((3 * result.completed) / 3 - 3 * 10);
    expect(result.overall.sojournNs.ci95.p50).not.toBeNull();
  });

  it('keeps a point that always fails as failed, with the last words, and goes on', async () => {
    const engine = hardwareEngine({ retries: 1, runOnce: () => Promise.reject(new Error('the disk is full')) });
    const out = folder();
    const outcome = await runSweep(await plan({}), { out, engine });
    expect(outcome.failures.map(({ message }) => message)).toEqual(['the disk is full', 'the disk is full']);
    expect(readSweep(out).failed.map(({ error }) => error)).toEqual(['the disk is full', 'the disk is full']);
  });

  it('psp sweep --both runs both worlds into one folder, resumes, and leaves nothing behind', async () => {
    const out = folder();
    const args = ['sweep', '--both', '--policy', 'c-fcfs', '--workload', 'bimodal', '--load', '0.3'];
    const command = [...args, '--requests', '100', '--workers', '2', '--dilate', '100', '--out', out];
    const first = await psp(command);
    expect(first.err).toMatch(
      /^psp: 1 point on this machine beside 1 simulated one, 4 s: about 4 s in all, more if runs are/,
    );
    expect([first.code, first.out.split('\n')[0]]).toEqual([0, '2 points: 2 run']);
    const again = await psp(command);
    expect(again.out).toMatch(/^2 points: 0 run, 2 were there already\n/);

    const [real, simulated] = ['hw', 'sim'].map((world) =>
      readSweep(out).points.filter(({ result }) => result.world === world),
    );
    expect(real!.map(({ result }) => result.types.map(({ arrived }) => arrived))).toEqual(
      simulated!.map(({ result }) => result.types.map(({ arrived }) => arrived)),
    );
    const [header, ...rows] = readFileSync(join(out, 'results.csv'), 'utf8').trim().split('\n');
    expect(header).toContain('key,world,workload');
    expect(rows.map((row) => row.split(',')[1]).sort()).toEqual([...Array(3).fill('hw'), ...Array(3).fill('sim')]);
    expect(readdirSync(tmpdir()).filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
    expect(existsSync(join(out, 'failed'))).toBe(false);
  });
});
