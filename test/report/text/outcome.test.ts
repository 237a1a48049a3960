import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../src/report/text/outcome.js';
import { C_FCFS, resultOf } from '../results.js';

const MANY = { A: { count: 10_000_000, serviceNs: 1000, p99: 2, p99_9: 3 } };
const FEW = { A: { count: 1000, serviceNs: 1000, p99: 2, p99_9: 3 } };

describe('why latencies are no values', () => {
  it('no reason, when all was done that was asked for', () => {
    expect(failureOf(C_FCFS)).toBeUndefined();
  });

  it('queues that grew', () => {
    expect(failureOf({ ...C_FCFS, unstable: true })).toBe('unstable');
  });

  it('more than a thousandth dropped, whatever was achieved', () => {
    const { count } = C_FCFS.overall.slowdown;
    expect(failureOf({ ...C_FCFS, droppedMeasured: count * 0.0011 })).toBe('lost');
    expect(failureOf({ ...C_FCFS, droppedMeasured: count * 0.0009 })).toBeUndefined();
  });

  it('what was dropped in the warm-up is no loss', () => {
    const result = { ...C_FCFS, dropped: C_FCFS.requests / 2 };
    expect(failureOf(result)).toBeUndefined();
  });

  it('less than 99.9 % achieved, when that is no chance', () => {
    const short = { offeredRps: 100_000, achievedRps: 99_000 };
    expect(failureOf(resultOf('darc', MANY, short))).toBe('lost');
    expect(failureOf(resultOf('darc', FEW, short))).toBeUndefined();
    expect(failureOf(resultOf('darc', FEW, { ...short, achievedRps: 90_000 }))).toBe('lost');
  });
});
