const GUIDES = 256;

/**
 * Chooses an index with given probabilities from one uniform number, by inversion. A guide table says where to start
 * looking (H.-C. Chen and Y. Asau, "On Generating Random Variates from an Empirical Distribution", AIIE Transactions
 * 6(2), 1974). Unlike the alias method it is monotone: a small change of the probabilities changes few choices. An
 * index with probability 0 is never chosen.
 */
export class Chooser {
  /** A number u chooses the first index with `u < upTo[index]`, at or after `guide[floor(u * guides)]`. */
  readonly upTo: Float64Array;
  readonly guide: Uint16Array;
  readonly guides = GUIDES;

  /** @param probabilities at least one, summing to 1 up to rounding */
  constructor(probabilities: readonly number[]) {
    this.upTo = new Float64Array(probabilities.length);
    let sum = 0;
    let last = 0;
    probabilities.forEach((p, i) => {
      sum += p;
      this.upTo[i] = sum;
      if (p > 0) last = i;
    });
    // Rounding of the sum must not leave numbers near 1 without a choice.
    this.upTo.fill(1, last);
    this.guide = new Uint16Array(GUIDES);
    for (let g = 0, i = 0; g < GUIDES; g++) {
      while (g / GUIDES >= this.upTo[i]!) i++;
      this.guide[g] = i;
    }
  }

  /** @param u uniform on [0, 1) */
  choose(u: number): number {
    let i = this.guide[(u * GUIDES) | 0]!;
    while (u >= this.upTo[i]!) i++;
    return i;
  }
}
