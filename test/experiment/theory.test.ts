import { describe, expect, it } from 'vitest';
import {
  erlangC,
  meanWaitMG1,
  meanWaitMMc,
  meanWaitsByPriority,
  mmck,
  moments,
  waitQuantileMMc,
} from '../../src/experiment/validate/theory/closed-forms.js';
import { meanSojournMmppM1 } from '../../src/experiment/validate/theory/mmpp.js';
import { density, meanSojournSrpt } from '../../src/experiment/validate/theory/srpt-sojourn.js';
import { sojournQuantileMMc } from '../support/mmc.js';

/** Formulas against others of the same thing, and against values that are in print. */
describe('M/M/c', () => {
  it('Erlang C: with one server it is the load, with 16 at load 0.8 they wait 0.0953 of a service', () => {
    expect(erlangC(1, 0.6)).toBeCloseTo(0.6);
    expect(meanWaitMMc(16, 12.8, 1)).toBeCloseTo(0.095276, 6);
    // Two servers at load 0.5: C = 1/3.
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3);
  });

  it('quantiles: the sojourn in M/M/1 is exponential, the wait with probability 1 - C nothing', () => {
    expect(sojournQuantileMMc(1, 0.7, 1, 0.99)).toBeCloseTo(Math.log(100) / 0.3, 6);
    expect(waitQuantileMMc(1, 0.7, 1, 0.9)).toBeCloseTo(Math.log(7) / 0.3, 9);
    expect(waitQuantileMMc(1, 0.7, 1, 0.2)).toBe(0);
    // With this many servers nothing waits, and the sojourn is the service.
    expect(sojournQuantileMMc(50, 1, 1, 0.9)).toBeCloseTo(Math.log(10), 6);
  });
});

describe('M/G/1', () => {
  it('Pollaczek and Khinchine: a constant service waits half as long as an exponential one', () => {
    expect(meanWaitMG1(0.8, moments.exponential(1))).toBeCloseTo(4);
    expect(meanWaitMG1(0.8, moments.constant(1))).toBeCloseTo(2);
    expect(meanWaitMG1(0.8, moments.varied(1, 3))).toBeCloseTo(8);
  });

  it('moments: of a uniform one and of a Pareto one by numerical integration', () => {
    const integrate = (f: (x: number) => number, from: number, to: number) => {
      const n = 1_000_000;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += f(from + ((i + 0.5) * (to - from)) / n);
      return (sum * (to - from)) / n;
    };
    expect(moments.uniform(2, 18).second).toBeCloseTo(
      integrate((x) => (x * x) / 16, 2, 18),
      3,
    );
    const [alpha, min, max] = [2.5, 5, 200];
    const pareto = (x: number) => (alpha * min ** alpha * x ** (-alpha - 1)) / (1 - (min / max) ** alpha);
    const { mean, second } = moments.boundedPareto(alpha, min, max);
    expect(mean).toBeCloseTo(
      integrate((x) => x * pareto(x), min, max),
      3,
    );
    expect(second).toBeCloseTo(
      integrate((x) => x * x * pareto(x), min, max),
      2,
    );
  });

  it('Cobham: one class is Pollaczek and Khinchine, several conserve the load-weighted wait', () => {
    const service = moments.exponential(2);
    expect(meanWaitsByPriority([{ rate: 0.3, service }])[0]).toBeCloseTo(meanWaitMG1(0.3, service));
    const classes = [
      { rate: 0.2, service: moments.constant(1) },
      { rate: 0.1, service: moments.exponential(3) },
      { rate: 0.02, service: moments.uniform(2, 18) },
    ];
    const rate = 0.32;
    const all = moments.mixture(classes.map((each) => [each.rate / rate, each.service]));
    const waits = meanWaitsByPriority(classes);
    const weighted = classes.reduce((sum, each, i) => sum + each.rate * each.service.mean * waits[i]!, 0);
    expect(weighted).toBeCloseTo(rate * all.mean * meanWaitMG1(rate, all));
    expect(waits[0]).toBeLessThan(waits[1]!);
  });

  it(
    'SRPT: an idle system takes the service time, and no discipline is better than it, first come first served ' +
      'least of all',
    () => {
      expect(meanSojournSrpt(1e-9, density.exponential(1))).toBeCloseTo(1, 4);
      const srpt = meanSojournSrpt(0.7, density.exponential(1));
      expect(srpt).toBeGreaterThan(1);
      expect(srpt).toBeLessThan(1 / 0.3);
      // To the first order in the rate only two requests meet: the later goes first when it is shorter than what is
      // left of the other.
      const rate = 1e-4;
      const meeting = (meanSojournSrpt(rate, density.exponential(1)) - 1) / rate;
      // E of the integral over the first's remainder r of min(r, S): int P(S > r) E[min(r, S)] dr = 1/2 for exponential
      // ones.
      expect(meeting).toBeCloseTo(0.5, 2);
    },
  );
});

describe('M/M/c/K', () => {
  it('without room to wait it is Erlang B, with much room M/M/c', () => {
    expect(mmck(1, 1, 0.5, 1).loss).toBeCloseTo(0.5 / 1.5);
    expect(mmck(2, 2, 1, 1).loss).toBeCloseTo(0.2);
    const { loss, sojournNs } = mmck(4, 400, 2.8, 1);
    expect(loss).toBeLessThan(1e-12);
    expect(sojournNs).toBeCloseTo(1 + meanWaitMMc(4, 2.8, 1));
  });
});

describe('MMPP/M/1', () => {
  it('with equal rates, or with states that change all the time, is M/M/1', () => {
    expect(meanSojournMmppM1([0.6, 0.6], [50, 20], 1)).toBeCloseTo(2.5);
    expect(meanSojournMmppM1([0.3, 0.9], [1e-4, 1e-4], 1)).toBeCloseTo(2.5, 2);
  });

  it('with states that hardly ever change is a mixture of two of them', () => {
    // Half the time 0.2, half 0.6: numbers 0.25 and 1.5, at a rate of 0.4.
    expect(meanSojournMmppM1([0.2, 0.6], [1e6, 1e6], 1)).toBeCloseTo((0.5 * 0.25 + 0.5 * 1.5) / 0.4, 3);
  });
});
