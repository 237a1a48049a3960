import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { knobsOf, withBursts, withType } from '../../src/lab/workload-knobs.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';

const folder = new URL('../../workloads/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(`${name}.yaml`, folder), 'utf8');

it('every workload that comes with psp can be read, and is still one after a change', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const text = textOf(file.replace('.yaml', ''));
    const knobs = knobsOf(text)!;
    expect(knobs.types.map(({ name }) => name)).toEqual(
      expect.arrayContaining(parseWorkload(text, file).types.map(({ name }) => name)),
    );
    const [{ ratio }] = knobs.types as [(typeof knobs.types)[number]];
    const changed = withType(text, 0, { ratio: Math.min(0.9, ratio / 2 + 0.2) });
    expect(parseWorkload(changed, file).types).toHaveLength(knobs.types.length);
  }
});

it('a ratio moves the others so that all sum to 1', () => {
  const changed = knobsOf(withType(textOf('tpcc'), 0, { ratio: 0.2 }))!;
  expect(changed.types.map(({ ratio }) => ratio)).toEqual([0.2, 0.057, 0.629, 0.057, 0.057]);
  expect(changed.types.reduce((sum, { ratio }) => sum + ratio, 0)).toBeCloseTo(1, 9);
});

it('mean, distribution and bursts go into the file, and its comments stay', () => {
  const text = withBursts(withType(textOf('bimodal'), 1, { spread: 'lognormal', sigma: 2, meanNs: 50_000 }), 4);
  expect(text).toContain('# When they come');
  expect(knobsOf(text)).toMatchObject({
    burstFactor: 4,
    types: [
      { spread: 'constant', meanNs: 1000 },
      { spread: 'lognormal', sigma: 2, meanNs: 50_000 },
    ],
  });
  expect(parseWorkload(text, 'x').phases[0]!.service[1]!.meanNs).toBeCloseTo(50_000, 0);
  expect(knobsOf(withBursts(text, 1))!.burstFactor).toBe(1);
});

it('what cannot be read has no sliders', () => {
  expect([knobsOf('types: ['), knobsOf(''), knobsOf('types: 3')]).toEqual([undefined, undefined, undefined]);
});
