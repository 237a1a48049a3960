import { figure8 } from './changing.js';
import { figure3, figure5a, figure5b, figure6, figure7 } from './load-curves.js';
import type { Figure } from './paper-figure.js';
import { figure4a, figure4b } from './reserved-cores.js';
import { figure1 } from './sustained-throughput.js';

/** In the order of the paper. */
export const figures: readonly Figure[] = [
  figure1,
  figure3,
  figure4a,
  figure4b,
  figure5a,
  figure5b,
  figure6,
  figure7,
  figure8,
];
