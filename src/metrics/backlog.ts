/** Do the queues grow for as long as the run lasts? */

/** Blocks of samples kept; when there are more, neighbours are joined. */
const MOST_BLOCKS = 256;
/** Shorter runs are not judged. */
const FEWEST_BLOCKS = 32;
/**
 * Steps that chance is measured in: of single blocks, and of more, because the steps within one burst are not
 * independent.
 */
const STEPS = [256, 64, 32, 16] as const;
/** Growth above this many standard deviations is not chance. */
const SIGNIFICANT = 4;
/** Growth above this many may be chance. */
const SUSPICIOUS = 2;

/** `steady`: through all of the series, by more than chance explains; `unclear`: it looks so, but may be chance. */
export type Growth = 'none' | 'unclear' | 'steady';

export interface Backlog {
  /** Notes how many requests are in the system now; to be called after equal numbers of arrivals. */
  add(inSystem: number): void;
  /**
   * Did the queues grow through all of the series?
   *
   * The smallest number in the system in each quarter decides: bursts raise the largest, but a system that keeps up
   * gets back to a small number in between. The queues grow when the minima of the second, third and fourth quarter
   * rise, the last step at least half of the one before (a bounded queue fills up and stays), and by more than the
   * random walk of the backlog explains.
   */
  growth(): Growth;
}

/** The backlogs of all types together and of each type, whose queue may grow unseen in that of all. */
export interface Backlogs {
  /** Notes how many requests of each type are in the system now; to be called after equal numbers of arrivals. */
  add(inSystem: (type: number) => number): void;
  /** The clearest growth: of all queues together, or of one type, which is then named. */
  growth(): { readonly growth: Growth; readonly growing?: string };
}

export function createBacklogs(typeNames: readonly string[]): Backlogs {
  const all = createBacklog();
  const byType = typeNames.length > 1 ? typeNames.map(() => createBacklog()) : [];
  return {
    add(inSystem) {
      let sum = 0;
      for (let type = 0; type < typeNames.length; type++) {
        const now = inSystem(type);
        byType[type]?.add(now);
        sum += now;
      }
      all.add(sum);
    },
    growth() {
      const growths = [all, ...byType].map((backlog) => backlog.growth());
      const growth = (['steady', 'unclear'] as const).find((each) => growths.includes(each)) ?? 'none';
      const type = growths.indexOf(growth) - 1;
      return type < 0 ? { growth } : { growth, growing: typeNames[type]! };
    },
  };
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

  /**
   * Standard deviation of the change of the backlog over half of the series, from the changes over this many equal
   * parts of it.
   */
  function deviation(parts: number): number {
    const at = (part: number) => last[Math.round((part * (blocks - 1)) / parts)]!;
    const drift = (at(parts) - at(0)) / parts;
    let squares = 0;
    for (let i = 0; i < parts; i++) squares += (at(i + 1) - at(i) - drift) ** 2;
    return Math.sqrt((squares / (parts - 1)) * (parts / 2));
  }

  return {
    add(inSystem) {
      least[blocks] = Math.min(least[blocks]!, inSystem);
      last[blocks] = inSystem;
      if (++samples < samplesPerBlock) return;
      samples = 0;
      if (++blocks === MOST_BLOCKS) join();
    },
    growth() {
      if (blocks < FEWEST_BLOCKS) return 'none';
      const [second, third, fourth] = [leastIn(1), leastIn(2), leastIn(3)];
      if (!(second < third && third < fourth && fourth - third >= (third - second) / 2)) return 'none';
      const chance = Math.max(...STEPS.map((parts) => deviation(Math.min(parts, blocks - 1))));
      const grown = fourth - second;
      if (grown > SIGNIFICANT * chance) return 'steady';
      return grown > SUSPICIOUS * chance ? 'unclear' : 'none';
    },
  };
}
