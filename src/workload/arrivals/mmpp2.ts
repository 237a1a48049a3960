import { number, positiveDuration } from '../../input/fields.js';
import type { Random } from '../random.js';
import { standardExponential } from '../ziggurat.js';
import type { ArrivalKind, ArrivalProcess, Arrivals } from './arrival-process.js';

/** With more, a process would do little but switch. */
const MOST_SWITCHES_PER_REQUEST = 100;

/**
 * A Poisson process whose rate is switched between two values by a two-state Markov chain: calm, burst, calm, burst …,
 * each for an exponential time. W. Fischer and K. Meier-Hellstern, "The Markov-modulated Poisson process (MMPP)
 * cookbook", Performance Evaluation 18(2), 1993.
 */
class Mmpp2Process implements ArrivalProcess {
  private nowNs = 0;
  private burst = false;
  /** When the present state ends. */
  private untilNs = 0;

  constructor(
    private readonly calmGapNs: number,
    private readonly burstGapNs: number,
    private readonly meanCalmNs: number,
    private readonly meanBurstNs: number,
    private readonly random: Random,
  ) {
    this.restart(0);
  }

  restart(atNs: number): void {
    // In the long run, bursts take the share meanBurst / (meanCalm + meanBurst) of the time. Exponential times have no
    // memory, so a restart may begin in the middle of one.
    this.nowNs = atNs;
    this.burst = this.random() * (this.meanCalmNs + this.meanBurstNs) < this.meanBurstNs;
    this.untilNs = atNs + this.sojourn();
  }

  private sojourn(): number {
    return (this.burst ? this.meanBurstNs : this.meanCalmNs) * standardExponential(this.random);
  }

  fill(out: Float64Array, from: number, to: number, endNs: number): number {
    const { random } = this;
    let gap = this.burst ? this.burstGapNs : this.calmGapNs;
    let i = from;
    while (i < to) {
      // A calm gap is infinite when nothing arrives in calm times; then only the next burst counts.
      const now = gap === Number.POSITIVE_INFINITY ? gap : this.nowNs + gap * standardExponential(random);
      if (now >= this.untilNs) {
        // Exponential gaps have no memory, so the wait for the next arrival may start again where the state changes.
        this.nowNs = this.untilNs;
        if (this.nowNs >= endNs) break;
        this.burst = !this.burst;
        this.untilNs += this.sojourn();
        gap = this.burst ? this.burstGapNs : this.calmGapNs;
        continue;
      }
      this.nowNs = now;
      if (now >= endNs) break;
      out[i++] = Math.floor(now);
    }
    return i;
  }
}

export const mmpp2: ArrivalKind = {
  name: 'mmpp2',
  title: 'bursts: a Poisson process that switches between two rates (MMPP-2)',
  examples: [
    { burstFactor: 10, meanCalm: '900us', meanBurst: '100us' },
    { burstFactor: Number.POSITIVE_INFINITY, meanCalm: '50us', meanBurst: '50us' },
  ],
  read(value, checker) {
    const p = checker.map(
      {
        burstFactor: number('a number above 1: the rate in a burst over the calm rate (.inf: silence between bursts)', {
          above: 1,
          max: Number.POSITIVE_INFINITY,
        }),
        meanCalm: positiveDuration,
        meanBurst: positiveDuration,
      },
      value,
    );
    return p && mmpp2Of(p.burstFactor, p.meanCalm, p.meanBurst);
  },
};

function mmpp2Of(burstFactor: number, meanCalmNs: number, meanBurstNs: number): Arrivals {
  return {
    kind: 'mmpp2',
    immediate: true,
    start(meanGapNs, random) {
      const perRequest = (2 * meanGapNs) / (meanCalmNs + meanBurstNs);
      if (perRequest > MOST_SWITCHES_PER_REQUEST) {
        throw new RangeError(
          `mmpp2: expected meanCalm and meanBurst that change at most ${MOST_SWITCHES_PER_REQUEST} times per ` +
            `request, found about ${Math.round(perRequest)}`,
        );
      }
      // Long-run rate = (calm rate · meanCalm + burst rate · meanBurst) / (meanCalm + meanBurst), burst rate =
      // burstFactor · calm rate.
      const burstGapNs = (meanGapNs * (meanCalmNs / burstFactor + meanBurstNs)) / (meanCalmNs + meanBurstNs);
      return new Mmpp2Process(burstGapNs * burstFactor, burstGapNs, meanCalmNs, meanBurstNs, random);
    },
  };
}
