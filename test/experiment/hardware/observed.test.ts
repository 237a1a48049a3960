import { describe, expect, it } from 'vitest';
import { observed, ofFree, ofTurns, type StampedRun } from '../../../src/experiment/hardware/observed.js';
import type { Gap } from '../../../src/hw/machine/cores-away.js';

const REQUESTS = 20;
const PERIOD_NS = 1000;
const DEMAND_NS = 500;
/**
 * What each step takes, ns: 1 to be sent, 2 to be received, 4 to be dispatched, 8 to start, 16 beside the demand, 32 to
 * be answered.
 */
const STEPS = { sent: 1, received: 2, dispatched: 4, started: 8, beside: 16, replied: 32 };

/** One request per period, all on one worker, which is free by then. `change` may change each of them. */
function run(gaps: readonly Gap[] = [], change: (stamps: Record<string, Float64Array>) => void = () => {}) {
  const column = () => new Float64Array(REQUESTS);
  const [arrivalNs, serviceNs] = [column(), column().fill(DEMAND_NS)];
  const stamps = {
    sentNs: column(),
    receivedNs: column(),
    dispatchedNs: column(),
    startedNs: column(),
    endedNs: column(),
    repliedNs: column(),
  };
  for (let i = 0; i < REQUESTS; i++) {
    arrivalNs[i] = i * PERIOD_NS;
    stamps.sentNs[i] = arrivalNs[i]! + STEPS.sent;
    stamps.receivedNs[i] = stamps.sentNs[i]! + STEPS.received;
    stamps.dispatchedNs[i] = stamps.receivedNs[i]! + STEPS.dispatched;
    stamps.startedNs[i] = stamps.dispatchedNs[i]! + STEPS.started;
    stamps.endedNs[i] = stamps.startedNs[i]! + DEMAND_NS + STEPS.beside;
    stamps.repliedNs[i] = stamps.endedNs[i]! + STEPS.replied;
  }
  change(stamps);
  const records = { ...stamps, worker: new Int32Array(REQUESTS) };
  return {
    trace: { length: REQUESTS, arrivalNs, serviceNs },
    records,
    away: { gaps, totalNs: 0, share: 0 },
  } satisfies StampedRun;
}

const numbers = (requests: readonly { readonly i: number }[]) => requests.map(({ i }) => i);
/** All but the first tenth. */
const WARM = Array.from({ length: REQUESTS - 2 }, (_, i) => i + 2);

/** Request 10 was received before request 9 had ended, and started 25 ns after that end. */
const waits = ({ receivedNs, dispatchedNs, startedNs, endedNs, repliedNs }: Record<string, Float64Array>) => {
  endedNs![9] = receivedNs![10]! + 100;
  dispatchedNs![10] = endedNs![9] + 20;
  startedNs![10] = endedNs![9] + 25;
  endedNs![10] = startedNs![10] + DEMAND_NS + STEPS.beside;
  repliedNs![10] = endedNs![10] + STEPS.replied;
};

describe('the requests of a real run', () => {
  it('found their worker free, after a warm-up', () => {
    const { free, turns } = observed(run());
    expect(numbers(free)).toEqual(WARM);
    expect(turns).toEqual([]);
  });

  it('waited for it when they were there before it was free', () => {
    const seen = observed(run(undefined, waits));
    expect(numbers(seen.turns)).toEqual([10]);
    expect(numbers(seen.free)).toEqual(WARM.filter((i) => i !== 10));
    const { wholeNs, noticeNs, startNs } = ofTurns([seen]);
    // From the end of the request before to its own end, minus the demand.
    expect([[...wholeNs], [...noticeNs], [...startNs]]).toEqual([[25 + STEPS.beside], [20], [5]]);
  });

  it('took what their stamps say', () => {
    const { wholeNs, handoffNs, overshootNs, latenessNs, requestNs, ringNs, startNs, replyNs } = ofFree([
      observed(run()),
    ]);
    expect(new Set(wholeNs)).toEqual(new Set([1 + 2 + 4 + 8 + 16 + 32]));
    const each = [latenessNs, requestNs, ringNs, startNs, overshootNs, replyNs].map((values) => values[0]);
    expect(each).toEqual(Object.values(STEPS));
    expect(handoffNs[0]).toBe(STEPS.dispatched + STEPS.started);
  });

  it('are left out when there is no answer, and then free nobody’s worker', () => {
    const { free } = observed(
      run(undefined, ({ repliedNs, endedNs }) => {
        repliedNs![5] = Number.NaN;
        endedNs![6] = Number.NaN;
      }),
    );
    expect(numbers(free)).toEqual(WARM.filter((i) => i !== 5 && i !== 6));
  });

  it('are left out when a core was away in their time', () => {
    // The first gap touches 7 (its last 100 ns), 8 and 9 (its first), not 10. The second ends where 12 begins.
    const gaps = [
      { fromNs: 7400, toNs: 9001 },
      { fromNs: 11_600, toNs: 12_000 },
    ];
    expect(numbers(observed(run(gaps)).free)).toEqual(WARM.filter((i) => i < 7 || i > 9));
  });

  it('are kept when a core was away most of the time: that is what this machine is like', () => {
    const away = [{ fromNs: 8000, toNs: 14_500 }];
    expect(numbers(observed(run(away)).free)).toEqual(WARM);
    // Seven of eighteen are more than three tenths, five are not.
    expect(observed(run([{ fromNs: 8000, toNs: 12_500 }])).free).toHaveLength(13);
  });

  it('are kept when too few would be left of either kind', () => {
    const seen = observed(run([{ fromNs: 10_200, toNs: 10_300 }], waits));
    expect(numbers(seen.turns)).toEqual([10]);
    expect(seen.free).toHaveLength(WARM.length - 1);
  });
});
