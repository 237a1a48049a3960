/** Do the queues grow for as long as the run lasts? */

/** Blocks of samples kept; when there are more, neighbours are joined. */
const MOST_BLOCKS = 256;
/** Shorter runs are not judged. */
const FEWEST_BLOCKS = 32;
/** Growth of so many standard deviations is none of chance. */
const SIGNIFICANT = 4;
/** Workers that idle less than this share of the time are saturated. */
const SATURATED = 0.001;
/** By so much the minima of a steady growth rise, even when measuring began late. */
const MUCH = 1.2;

export interface Backlog {
  /** Notes how many requests are in the system now; to be called after equal numbers of arrivals. */
  add(inSystem: number): void;
  /**
   * Did the queues grow through all of the series?
   *
   * What is looked at is the least number in the system in each quarter: bursts raise the most, but as long as a system keeps up, it gets back to a small number in
   * between. Unstable is a run whose minima of the second, third and fourth quarter rise, the last step at least half of the one before (a bounded queue fills
   * up and stays), and rise by more than the random walk of the backlog explains, or by a fifth while the workers never idled.
   *
   * @param idle share of the workers' time that was neither work nor overhead
   */
  grows(idle: number): boolean;
}

export function createBacklog(): Backlog {
  const least = new Float64Array(MOST_BLOCKS).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(MOST_BLOCKS);
  let blocks = 0;
  let samplesPerBlock = 1;
  let samples = 0;

  function join(): void {
    for (let i = 0; i < MOST_BLOCKS / 2; i++) {
      least[i] = Math.min(least[2 * i]!, least[2 * i + 1]!);
      last[i] = last[2 * i + 1]!;
    }
    least.fill(Number.POSITIVE_INFINITY, MOST_BLOCKS / 2);
    blocks = MOST_BLOCKS / 2;
    samplesPerBlock *= 2;
  }

  function leastIn(quarter: number): number {
    let found = Number.POSITIVE_INFINITY;
    const to = Math.floor((blocks * (quarter + 1)) / 4);
    for (let i = Math.floor((blocks * quarter) / 4); i < to; i++) found = Math.min(found, least[i]!);
    return found;
  }

  /** Standard deviation of the change of the backlog from block to block. */
  function stepDeviation(): number {
    const drift = (last[blocks - 1]! - last[0]!) / (blocks - 1);
    let squares = 0;
    for (let i = 1; i < blocks; i++) squares += (last[i]! - last[i - 1]! - drift) ** 2;
    return Math.sqrt(squares / (blocks - 2));
  }

  return {
    add(inSystem) {
      least[blocks] = Math.min(least[blocks]!, inSystem);
      last[blocks] = inSystem;
      if (++samples < samplesPerBlock) return;
      samples = 0;
      if (++blocks === MOST_BLOCKS) join();
    },
    grows(idle) {
      if (blocks < FEWEST_BLOCKS) return false;
      const [second, third, fourth] = [leastIn(1), leastIn(2), leastIn(3)];
      if (!(second < third && third < fourth && fourth - third >= (third - second) / 2)) return false;
      if (idle < SATURATED && fourth > second * MUCH) return true;
      return fourth - second > SIGNIFICANT * stepDeviation() * Math.sqrt(blocks / 2);
    },
  };
}
