/** Hostile hardware configurations: the reader returns what was written or refuses it with an InputError. */

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseHardwareConfig } from '../../src/hw/machine/config.js';
import { substream } from '../../src/workload/random.js';
import { ROOT } from '../docs/pages.js';
import { runs } from '../support/runs.js';
import { unclear } from './fuzz.js';
import { damaged, mutated, pick } from './mutate.js';

const TEXTS = readdirSync(`${ROOT}configs`)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(`${ROOT}configs/${name}`, 'utf8'));

it('a hostile hardware configuration is read or clearly refused', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = substream(seed, 'fuzz');
      const text = pick(random, TEXTS);
      const changed =
        random() < 0.7
          ? stringify(mutated(random, parse(text)))
          : new TextDecoder().decode(damaged(random, new TextEncoder().encode(text)));
      try {
        parseHardwareConfig(changed, 'fuzz.yaml');
      } catch (error) {
        expect(unclear(error, changed.split('\n').length), changed.slice(0, 3000)).toBeUndefined();
      }
    }),
    { numRuns: runs(200) },
  );
});
