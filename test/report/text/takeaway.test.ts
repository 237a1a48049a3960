import { describe, expect, test } from 'vitest';
import { takeaway } from '../../../src/report/text/takeaway.js';
import { C_FCFS, DARC, RESERVED, resultOf } from '../results.js';

describe('the line to take home', () => {
  test('DARC beside c-FCFS: what it does, what it gains and what that costs', () => {
    expect(takeaway([C_FCFS, DARC])).toBe(
      "darc kept 1 of 14 workers for SHORT, though SHORT fills only 0.1 of it: SHORT's p99.9 slowdown is 4.25 " +
        "±1 % instead of 95.4 ±1 % under c-fcfs, while LONG's is 2.40 ±1 % instead of 1.96 ±1 %.",
    );
  });

  test('does not depend on the order of the policies', () => {
    expect(takeaway([DARC, C_FCFS])).toBe(takeaway([C_FCFS, DARC]));
  });

  test('names the requests it dropped and did not serve', () => {
    const lossy = { ...DARC, dropped: 10_000, achievedRps: 0.9 * C_FCFS.achievedRps };
    const text = takeaway([C_FCFS, lossy]);
    expect(text).toContain('It served 10 % fewer requests per second.');
    expect(text).toContain('But it dropped 5 % of the requests.');
  });

  test('time sharing: what preemption costs', () => {
    const ts = { ...DARC, policy: 'ts', reservations: [], preemptions: 5, overhead: 0.15 };
    expect(takeaway([C_FCFS, ts])).toMatch(
      /^ts took long requests off their workers \(15 % of the workers' time .*\): /,
    );
  });

  test('policies that do not differ are called alike', () => {
    expect(takeaway([C_FCFS, { ...C_FCFS, policy: 'sjf' }])).toMatch(
      /^Both policies are alike here: the p99\.9 slowdown /,
    );
  });

  test('says that one worker serves what the classifier does not know, where that takes long', () => {
    const unknown = (p99_9: number) =>
      resultOf(
        'darc',
        {
          SHORT: { serviceNs: 1000, p99: 2.5, p99_9: 4.25 },
          LONG: { serviceNs: 100_000, p99: 1.94, p99_9: 2.4 },
          UNKNOWN: { serviceNs: 100_000, p99: p99_9 / 2, p99_9 },
        },
        { reservations: RESERVED },
      );
    expect(takeaway([unknown(46)])).toMatch(
      / Under darc a single worker serves UNKNOWN, and only when nothing else waits for that worker: the p99\.9 sojourn of UNKNOWN is 4\.6ms\.$/,
    );
    expect(takeaway([unknown(46), { ...unknown(60), policy: 'darc-static' }])).toMatch(
      / Under darc, darc-static a single worker serves UNKNOWN, .* is up to 6ms\.$/,
    );
    expect(takeaway([unknown(4)])).not.toContain('single worker');
    expect(takeaway([DARC])).not.toContain('single worker');
  });

  test('of one policy under which not one in a thousand waited', () => {
    const idle = resultOf('c-fcfs', { A: { serviceNs: 1000, p99: 1, p99_9: 1 } });
    expect(takeaway([idle])).toBe('Under c-fcfs not even one request in a thousand waited.');
  });

  test('of one policy: who waits longest, without a comparison', () => {
    expect(takeaway([C_FCFS])).toBe(
      'Under c-fcfs one SHORT in a thousand spent at least 95.4 ±1 % times its service time in the system, one ' +
        'LONG in a thousand 1.96 ±1 % times.',
    );
  });

  test('gives p99 when p99.9 is a guess', () => {
    const few = (policy: string, p99: number) =>
      resultOf(policy, { A: { count: 5000, serviceNs: 1000, p99, p99_9: 99 } });
    expect(takeaway([few('c-fcfs', 50), few('sjf', 5)])).toMatch(
      /A's p99 slowdown is 5\.00 ±1 % instead of 50\.0 ±1 % under c-fcfs/,
    );
  });
});

describe('nothing is concluded', () => {
  test('from too few requests', () => {
    const few = (policy: string, p99: number) =>
      resultOf(policy, { A: { count: 500, serviceNs: 1000, p99, p99_9: 99 } });
    expect(takeaway([few('c-fcfs', 50), few('sjf', 5)])).toBeUndefined();
  });

  test('from an overload, where latency depends on how long it runs', () => {
    expect(
      takeaway([
        { ...C_FCFS, outcome: 'unstable' },
        { ...DARC, outcome: 'unstable' },
      ]),
    ).toBeUndefined();
  });

  test('from interrupted runs', () => {
    expect(
      takeaway([
        { ...C_FCFS, interrupted: true },
        { ...DARC, interrupted: true },
      ]),
    ).toBeUndefined();
  });

  test('from nothing', () => {
    expect(takeaway([])).toBeUndefined();
  });
});
