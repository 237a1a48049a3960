import { substream } from '../../src/workload/random.js';
import type { Random } from './mutate.js';

/** Random numbers for a case that fast-check has drawn: its seed alone repeats the case. */
export function randomOf(seed: number): Random {
  return substream(seed, 'fuzz');
}
