import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/results/comparison.js';
import { psp, scratchFolder } from '../cli/psp.js';
import { FORMS, missingNative, onceIn } from './support.js';

const scratch = scratchFolder();

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'both worlds at the command line, poll: %s',
  { timeout: 60_000 },
  (net) => {
    const folder = join(scratch, net);
    mkdirSync(folder);
    const SMALL = ['--workload', 'bimodal', '--workers', '2', '--dilate', '200'];
    const POLL = ['--poll', net];

    it('compares, draws and keeps them, and ends with 1 when they are too far apart', async () => {
      const both = ['run', '--both', ...SMALL, ...POLL, '--policy', 'c-fcfs', '--load', '0.4', '--requests', '80'];
      const outputs = ['--json', 'both.json', '--picture', 'both.svg', '--keep', 'kept/here'];
      // This machine is not ideal: at this dilation a SHORT takes at least half as long again.
      const far = await psp([...both, ...outputs, '--tolerance', '0.1%'], { cwd: folder });
      expect(far, far.err).toMatchObject({ code: 1 });
      const comparison = JSON.parse(readFileSync(join(folder, 'both.json'), 'utf8')) as Comparison;
      expect(comparison).toMatchObject({
        schema: 'psp.compare/1',
        a: { world: 'sim' },
        b: { world: 'hw' },
        agrees: false,
      });
      expect(comparison.verdicts!.disagree).toBeGreaterThan(0);
      expect(readFileSync(join(folder, 'both.svg'), 'utf8')).toMatch(/^<svg /);
      // The same comparison from the kept files, with a tolerance that everything meets.
      const again = [
        'compare',
        'kept/here/sim.json',
        'kept/here/hw.json',
        '--tolerance',
        '990%',
        '--picture',
        'again.png',
      ];
      const near = await psp(again, { cwd: folder });
      expect(near, near.err).toMatchObject({ code: 0 });
      expect(readFileSync(join(folder, 'again.png')).subarray(1, 4).toString('latin1')).toBe('PNG');
    });

    // In both forms a machine is calibrated, and compared, by paired.machine.test.ts.
    onceIn(net)('calibrates, simulates with what it found by its name, and checks it', async () => {
      const few = ['--requests', '100', '--load', '0.7'];
      const made = await psp(['calibrate', ...SMALL, ...POLL, ...few, '--dispatchers', 'darc', '--name', 'mine'], {
        cwd: folder,
      });
      expect(made, made.err).toMatchObject({ code: 0 });
      const sim = [
        'sim',
        '--workload',
        'bimodal',
        '--policy',
        'c-fcfs',
        '--workers',
        '2',
        '--system',
        'mine',
        '--requests',
        '100',
      ];
      expect(await psp(sim, { cwd: folder })).toMatchObject({ code: 0 });
      const shown = await psp(['systems', 'mine'], { cwd: folder });
      // The text is broken at the width of the terminal.
      expect(shown.out.replaceAll(/\s+/g, ' ')).toContain(
        'times stretched 200 times, 2 workers, c-fcfs, bimodal, load 0.7',
      );
      const checked = await psp(['calibrate', '--check', 'mine', ...POLL, ...few], { cwd: folder });
      expect([0, 1], checked.err).toContain(checked.code);
      expect(checked.out).toMatch(/^delays\.handoff .*(moved|as it was)$/m);
      expect(checked.out.match(/^dispatcher\.\w+ .*(moved|as it was)$/gm)).toHaveLength(1);
      writeFileSync(
        join(folder, 'own.yaml'),
        readFileSync(join(folder, 'mine.yaml'), 'utf8').replace('workload: "bimodal"', 'workload: "our-own"'),
      );
      expect(await psp(['calibrate', '--check', 'own.yaml'], { cwd: folder })).toMatchObject({
        code: 2,
        err: expect.stringMatching(
          /^psp: own\.yaml: measured with the workload our-own: .*our-own.*; if it is a file of your own, name it again/,
        ),
      });
      const other = ['run', '--both', '--workload', 'bimodal', '--workers', '2', '--dilate', '300', '--system', 'mine'];
      expect(await psp(other, { cwd: folder })).toMatchObject({
        code: 2,
        err: expect.stringContaining('expected --dilate 200, or psp calibrate --dilate 300'),
      });
      for (const [system, what] of [
        ['concord', 'its dispatcher runs requests itself'],
        ['caladan', 'its workers park'],
      ] as const) {
        const err = expect.stringContaining(`--system ${system}: ${what}, which psp's own runtime does not`);
        expect(await psp([...other.slice(0, -1), system], { cwd: folder })).toMatchObject({ code: 2, err });
      }
    });
  },
);
