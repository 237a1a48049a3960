import { describe, expect, it } from 'vitest';
import { Histogram } from '../../src/metrics/histogram.js';
import { judgeRun } from '../../src/metrics/outcome.js';
import type { MeasuringWindow, RunRecord } from '../../src/metrics/run-record.js';

const WINDOW = { fromNs: 0, toNs: 1e9, overheadNs: 0, dispatcherNs: 0 };

interface MadeUp extends Partial<Omit<RunRecord, 'window'>> {
  readonly requests?: number;
  readonly drops?: number;
  readonly window?: Partial<MeasuringWindow>;
}

/** The record of a run that went well, but for what is given. */
function recordOf({ requests = 100_000, drops = 0, window, ...other }: MadeUp = {}): RunRecord {
  const served = new Histogram();
  for (let i = 0; i < requests; i++) served.record(2);
  return {
    typeNames: ['A'],
    arrived: Float64Array.of(requests + drops),
    completed: Float64Array.of(requests),
    dropped: Float64Array.of(drops),
    droppedMeasured: Float64Array.of(drops),
    dropReasons: { queueFull: drops },
    inFlight: 0,
    interrupted: false,
    lost: 0,
    skipped: 0,
    growth: 'none',
    isSteady: true,
    digest: '',
    preemptions: 0,
    steals: 0,
    reservations: [],
    reservationsLeftOut: 0,
    histograms: [{ slowdown: served, sojournNs: served, serviceNs: served }],
    window: { ...WINDOW, arrived: requests + drops, completed: requests, busyNs: 0.8e9, ...window },
    ...other,
  };
}

const judged = (record: MadeUp = {}, identity: { world?: 'sim' | 'hw'; load?: number | null } = {}, replications = 1) =>
  judgeRun({ world: 'sim', workers: 1, load: 0.8, ...identity }, recordOf(record), replications);

describe('the outcome of a run', () => {
  it('is ok without a word when all was done that came', () => {
    expect(judged()).toEqual({ outcome: 'ok' });
  });

  it('is failed when nothing was finished, whatever the reason', () => {
    const none = { requests: 0, arrived: Float64Array.of(50), lost: 50 };
    expect(judged(none)).toEqual({ outcome: 'failed', reason: 'The policy finished none of 50 requests.' });
    expect(judged({ ...none, arrived: Float64Array.of(0), lost: 0 })).toMatchObject({ reason: 'No request arrived.' });
    expect(judged({ ...none, completed: Float64Array.of(9), lost: 0 })).toMatchObject({
      outcome: 'failed',
      reason: 'No request was finished after the warm-up.',
    });
    // Nobody knows what an interrupted run would have come to.
    expect(judged({ ...none, lost: 0, interrupted: true }).outcome).toBe('ok');
    expect(judged({ requests: 0, drops: 50 }).outcome).toBe('saturated');
  });

  it('is lost when a simulated policy never finished a single request, or more than a thousandth got no answer', () => {
    expect(judged({ lost: 1 })).toEqual({
      outcome: 'lost',
      reason: 'The policy never finished 1 of 100000 requests.',
    });
    expect(judged({ lost: 90 }, { world: 'hw' }).outcome).toBe('ok');
    expect(judged({ lost: 110 }, { world: 'hw' })).toMatchObject({
      outcome: 'lost',
      reason: expect.stringContaining('0.11 % of the requests'),
    });
    expect(judged({ lost: 110, growth: 'steady' }, { world: 'hw' }).outcome).toBe('unstable');
  });

  it('is saturated when more than a thousandth was dropped after the warm-up', () => {
    expect(judged({ drops: 90 }).outcome).toBe('ok');
    expect(judged({ drops: 25_000 })).toEqual({
      outcome: 'saturated',
      reason: 'A full queue dropped 20 % of the requests, so a sojourn would only say how long that queue is.',
    });
    expect(judged({ drops: 25_000, droppedMeasured: Float64Array.of(0), window: { arrived: 100_000 } })).toEqual({
      outcome: 'ok',
    });
  });

  it('is unstable when the queues grew, or of several replications those of a quarter', () => {
    expect(judged({ growth: 'steady' })).toMatchObject({ outcome: 'unstable', reason: expect.stringMatching(/\.$/) });
    expect(judged({ growth: 'steady', growing: 'LONG' }).reason).toMatch(/^Its queue of LONG grew for as long as /);
    expect(judged({ growth: 'unclear', growing: 'LONG' }).reason).toMatch(/: its queue of LONG seems to grow\.$/);
    expect(judged({ growth: 'unclear', grew: 2 }, {}, 8).outcome).toBe('unstable');
    expect(judged({ grew: 1 }, {}, 8)).toEqual({ outcome: 'ok' });
  });

  it('is unstable when all replications together were surely slower than what came', () => {
    const windows = (missing: readonly number[], busy = 0.8) =>
      missing.map((each) => ({ ...WINDOW, arrived: 10_000, completed: 10_000 - each, busyNs: busy * 1e9 }));
    expect(judged({ windows: windows([27, 32, 37, 32, 27, 37, 32, 32]) }, {}, 8)).toMatchObject({
      outcome: 'unstable',
      reason: expect.stringMatching(/^0\.3 % of what came was not done, /),
    });
    // Requests on workers, too little, or chance.
    const short = windows([3, 3, 3, 3]).map((each) => ({ ...each, arrived: 500, completed: 498, busyNs: 0.798e9 }));
    expect(judged({ windows: short }, {}, 4).outcome).toBe('ok');
    expect(judged({ windows: windows([9, 9, 9, 9, 9, 9, 9, 9]) }, {}, 8).outcome).toBe('ok');
    expect(judged({ windows: windows([0, 90, -20, 60, 10, 70, 0, 30]) }, {}, 8).outcome).toBe('ok');
    expect(judged({ windows: windows([30]) }).outcome).toBe('ok');
    // Few requests, but much work.
    const few = windows([5, 5, 5, 5], 0.75);
    expect(judged({ windows: few }, {}, 4)).toMatchObject({
      outcome: 'unstable',
      reason: expect.stringMatching(/^6\.23 % of the work that came was not done, /),
    });
    expect(judged({ windows: few, isSteady: false }, {}, 4).outcome).toBe('ok');
    expect(judged({ windows: few, drops: 20 }, {}, 4).outcome).toBe('ok');
  });

  it('is unstable at a load of 1, saturated where a queue drops, however little it has dropped yet', () => {
    expect(judged({}, { load: 1 })).toMatchObject({ outcome: 'unstable', reason: expect.stringContaining('all the') });
    expect(judged({}, { load: 1.3 }).reason).toBe(
      'A load of 1.3 is more than the workers can do, so a sojourn would only say how long the run was.',
    );
    expect(judged({ drops: 1 }, { load: 1.05 }).outcome).toBe('saturated');
    // A machine may be faster than its workload says.
    expect(judged({}, { load: 1, world: 'hw' }).outcome).toBe('ok');
    expect(judged({ window: { busyNs: 1e9 } }, { load: 1, world: 'hw' }).outcome).toBe('unstable');
  });

  it('is unstable when overhead leaves less than the load', () => {
    const window = { busyNs: 0.86e9, overheadNs: 0.14e9 };
    expect(judged({ window }, { load: 0.9 })).toMatchObject({
      outcome: 'unstable',
      reason: expect.stringContaining("Overhead leaves 86 % of the workers' time for a load of 0.9"),
    });
    expect(judged({ window }, { load: 0.85 }).outcome).toBe('ok');
    expect(judged({ window, isSteady: false }, { load: 0.9 }).outcome).toBe('ok');
  });

  it('counts what a dispatcher runs itself, and takes more load then', () => {
    const window = { busyNs: 0.97e9, overheadNs: 0.03e9, dispatcherNs: 0.5e9, dispatcherServedNs: 0.25e9 };
    expect(judged({ window }, { load: 1.2 }).outcome).toBe('ok');
    expect(judged({ window }, { load: 1.25 }).reason).toContain('Overhead leaves 122 %');
    expect(judged({ window }, { load: 1.5 }).reason).toContain('A load of 1.5 is more than the workers can do');
  });

  it('is unstable when a reservation leaves some types too few workers, dropped or not', () => {
    const room = { types: ['LONG'], needed: 13.0297, had: 13 };
    expect(judged({ room })).toEqual({
      outcome: 'unstable',
      reason: 'LONG would keep 13.03 workers busy and may use 13, so a sojourn would only say how long the run was.',
    });
    expect(judged({ room, drops: 5000 }).outcome).toBe('unstable');
    // What arrived in a window is chance.
    expect(judged({ room, isSteady: false }).outcome).toBe('ok');
    expect(judged({ room: { ...room, needed: 13.2 }, isSteady: false }).outcome).toBe('unstable');
    expect(judged({ room: { ...room, needed: 13 } }).outcome).toBe('ok');
  });

  it('is ok with a doubt when the run is too short to tell', () => {
    const doubt = /^It may be unstable, too short to tell: .*\.$/;
    for (const record of [
      { growth: 'unclear' as const },
      { window: { busyNs: 1e9 } },
      { window: { completed: 98_000 } },
    ]) {
      expect(judged(record)).toEqual({ outcome: 'ok', reason: expect.stringMatching(doubt) });
    }
    expect(judged({ window: { completed: 99_500 } })).toEqual({ outcome: 'ok' });
    // Of a trace whose requests all come at once nothing is known but that they were served.
    expect(judged({ window: { toNs: 0, completed: 0, busyNs: 0 } }, { load: null })).toEqual({ outcome: 'ok' });
  });
});
