/** Hostile YAML: every reader returns what was written or refuses it with an InputError, in a moment. */

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseHardwareConfig } from '../../src/hw/machine/config.js';
import { parseSystem } from '../../src/sim/parse-system.js';
import { InputError } from '../../src/units/errors.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { ROOT } from '../docs/pages.js';
import { runs } from '../support/runs.js';
import { damaged, mutated, pick } from './mutate.js';
import { randomOf } from './random-of.js';

const LONGEST_MS = 5000;

const READERS = [
  {
    folder: 'workloads',
    read: (text: string) => parseWorkload(text, 'fuzz.yaml', { readText: () => '0,1ns\n1,2ns\n' }),
  },
  { folder: 'configs/systems', read: (text: string) => parseSystem(text, 'fuzz.yaml') },
  { folder: 'configs', read: (text: string) => parseHardwareConfig(text, 'fuzz.yaml') },
];

it.each(READERS)('$folder', ({ folder, read }) => {
  const texts = readdirSync(ROOT + folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(`${ROOT}${folder}/${name}`, 'utf8'));
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = randomOf(seed);
      const text = pick(random, texts);
      const changed =
        random() < 0.7
          ? stringify(mutated(random, parse(text)))
          : new TextDecoder().decode(damaged(random, new TextEncoder().encode(text)));
      const beganMs = performance.now();
      try {
        read(changed);
      } catch (error) {
        if (!(error instanceof InputError)) throw new Error(changed.slice(0, 3000), { cause: error });
      }
      expect(performance.now() - beganMs).toBeLessThan(LONGEST_MS);
    }),
    { numRuns: runs(200) },
  );
});
