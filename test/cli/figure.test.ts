import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readExperiment } from '../../src/cli/experiment-file.js';
import { planSweep } from '../../src/experiment/sweep/plan.js';
import { figures } from '../../src/report/figures/index.js';
import { pspHere, ROOT, scratchFolder } from './psp.js';

const folder = scratchFolder();

describe('psp figure', () => {
  it.each([
    [['figure'], "missing required argument 'FIGURE'"],
    [['figure', '2'], 'Allowed choices are 1, 3, 4a'],
    [['figure', '3', '--quick', '--full'], 'expected only one of --quick and --full, found both'],
  ])('%j ends with exit code 2 and one line', async (args, said) => {
    const { code, err } = await pspHere(args, folder);
    expect(code).toBe(2);
    expect(err).toContain(said);
    expect(err.split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'results'))).toBe(false);
  });

  it.each(figures.map(({ name }) => name))('the experiment of figure %s can be planned', async (name) => {
    const { blocks } = readExperiment(join(ROOT, 'experiments', `figure-${name}.yaml`));
    const planned = await planSweep(blocks);
    expect(planned.length).toBeGreaterThan(name === '8' ? 1 : 10);
    // What DARC learns from comes before what is measured; figure 8 is about how it learns.
    for (const { spec } of planned) expect(spec.warmup).toBe(name === '8' ? 0 : 0.3);
  });
});
