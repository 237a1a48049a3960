import { describe, expect, test } from 'vitest';
import { formatComparison } from '../../../src/report/text/policies-table.js';
import { COLOUR } from '../../../src/report/text/style.js';
import type { Result } from '../../../src/results/result.js';
import { C_FCFS, DARC, resultOf } from '../results.js';

function format(...results: Result[]): string {
  return formatComparison(results, { title: 'High Bimodal' });
}

test('the layout', () => {
  expect(format(C_FCFS, DARC)).toMatchInlineSnapshot(`
    "High Bimodal · 14 workers · load 0.8 = 222k/s · 200k requests ·
    1 s of simulated time · warm-up 10 % · seed 1

               slowdown                                 sojourn        requests
                    p50         p99        p99.9          p99.9        measured
    SHORT
      c-fcfs       1.00 ±1 %   61.9 ±1 %    95.4 ±1 %    95.4us ±1 %       100k
      darc         1.00 ±1 %   2.50 ±1 %    4.25 ±1 %    4.25us ±1 %       100k
    LONG
      c-fcfs       1.00 ±1 %   1.61 ±1 %    1.96 ±1 %     196us ±1 %       100k
      darc         1.00 ±1 %   1.94 ±1 %    2.40 ±1 %     240us ±1 %       100k
    all requests
      c-fcfs       1.00 ±1 %   61.9 ±1 %    95.4 ±1 %    95.4us ±1 %       200k
      darc         1.00 ±1 %   2.50 ±1 %    4.25 ±1 %    4.25us ±1 %       200k

                          workers
    policy   throughput      busy   reserved workers
    c-fcfs       222k/s      80 %
    darc         222k/s      80 %   SHORT 1 | LONG 13

    Slowdown: time in the system / service time; 1 means it never waited. p99.9: one
    request in a thousand is worse.
    ±: 95 % confidence interval as if requests were independent. They wait together,
    so the true interval is wider; use --replications 8.

    darc kept 1 of 14 workers for SHORT, though SHORT fills only 0.1 of it: SHORT's
    p99.9 slowdown is 4.25 ±1 % instead of 95.4 ±1 % under c-fcfs, while LONG's is
    2.40 ±1 % instead of 1.96 ±1 %.
    "
  `);
});

test('a percentile that too few values bound shows what is known of it, with the reason', () => {
  const types = (count: number) => ({ A: { count, serviceNs: 1000, p99: 12.3, p99_9: 45.6 } });
  expect(format(resultOf('c-fcfs', types(10_000)))).toMatch(/^ {2}c-fcfs +1\.00 ±1 % +12\.3 ±1 % +45\.6 ±1 % /m);
  expect(format(resultOf('c-fcfs', types(10_000)))).not.toContain('≥');
  expect(format(resultOf('c-fcfs', types(9999)))).toMatch(/^ {2}c-fcfs +1\.00 ±1 % +12\.3 ±1 % +≥45\.1 +≥45\.1us/m);
  expect(format(resultOf('c-fcfs', types(999)))).toMatch(/^ {2}c-fcfs +1\.00 ±1 % +≥12\.2 +≥45\.1 /m);
  expect(format(resultOf('c-fcfs', types(9999)))).toMatch(/^≥, \?: too few measured requests /m);
});

test('what ± means depends on whether there were replications', () => {
  expect(format(C_FCFS)).toMatch(/^±: 95 % .* as if requests were independent/m);
  const replicated = format({ ...C_FCFS, replications: 8, requests: 8 * C_FCFS.requests, durationNs: 8e9 });
  expect(replicated).toMatch(/^±: 95 % .* from the differences between the replications\.$/m);
  expect(replicated).toContain(' · 8 x 200k requests ·\n1 s of simulated time · ');
  expect(format(C_FCFS, { ...DARC, replications: 12 })).toContain(
    ' · 1 to 12 x 200k requests ·\n1 s of simulated time · ',
  );
});

test('a margin stays with its value where a sentence is broken', () => {
  for (let width = 60; width < 120; width++) {
    const text = formatComparison([C_FCFS, DARC], { title: 'High Bimodal', width });
    expect(text).not.toMatch(/^(%|±\d)/m);
  }
});

test('where no value is shown, none is explained', () => {
  const none: Result = { ...C_FCFS, outcome: 'failed', reason: 'No request arrived.' };
  expect(format(none)).not.toMatch(/^(Slowdown|±):? /m);
  expect(format(none)).toContain('\nc-fcfs, failed: No request arrived.\n');
});

test('requests that all come at once have no load', () => {
  const once = { ...C_FCFS, load: null, offeredRps: null, requests: 1 };
  expect(format(once)).toMatch(/^High Bimodal · 14 workers · all requests at once · 1 request ·$/m);
});

test('a type nothing was measured of has dashes', () => {
  const none = resultOf('c-fcfs', {
    A: { serviceNs: 1000, p99: 2, p99_9: 3 },
    B: { count: 0, serviceNs: 1000, p99: 2, p99_9: 3 },
  });
  expect(format(none)).toMatch(/^B\n {2}c-fcfs +– +– +– +– +0$/m);
});

describe('columns that would say nothing are left out:', () => {
  const types = { A: { serviceNs: 1000, p99: 2, p99_9: 3 } };
  const plain = resultOf('c-fcfs', types);
  test.each([
    ['overhead', { overhead: 0.15 }, '15 %'],
    ['preemptions', { preemptions: 189_000 }, '189k'],
    ['steals', { steals: 77 }, '77'],
    ['dropped', { dropped: 250 }, '0.25 %'],
    ['unfinished', { inFlight: 42 }, '42'],
  ])('%s', (title, numbers, shown) => {
    expect(format(plain)).not.toContain(title);
    const both = format(plain, resultOf('sjf', types, numbers));
    expect(both).toMatch(new RegExp(`^policy .* ${title}$`, 'm'));
    expect(both).toMatch(new RegExp(`^sjf .* ${shown}$`, 'm'));
    expect(both).toMatch(/^c-fcfs .* –$/m);
  });
});

test('a workload of one type has no section for all requests', () => {
  expect(format(C_FCFS)).toContain('\nall requests\n');
  expect(format(resultOf('c-fcfs', { A: { serviceNs: 1000, p99: 2, p99_9: 3 } }))).not.toContain('all requests');
});

test('of many types the most frequent are shown', () => {
  const types = Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`T${i}`, { count: 20_000 + i, serviceNs: 1000, p99: 2, p99_9: 3 }]),
  );
  const text = format(resultOf('c-fcfs', types));
  expect(text.match(/^T\d+$/gm)).toEqual(['T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T10']);
  expect(text).toContain('and 3 more types');
});

test('the parameters that were changed are part of a name', () => {
  const types = { A: { serviceNs: 1000, p99: 2, p99_9: 3 } };
  const text = format(
    resultOf('ts', types, { policyParameters: { quantumNs: 20_000, costNs: 1000 } }),
    resultOf('a-policy-of-tomorrow', types),
  );
  expect(text).toMatch(/^ {2}ts:quantum=20us +1\.00 /m);
  expect(text).toMatch(/^ {2}a-policy-of-tomorrow\n +1\.00 /m);
});

test('an interrupted run says so', () => {
  const text = format(
    resultOf('c-fcfs', { A: { count: 1234, serviceNs: 1000, p99: 2, p99_9: 3 } }, { interrupted: true }),
  );
  expect(text).toContain('Interrupted: c-fcfs after 1234 requests');
});

test('the best of each section is green on a terminal, a guess never', () => {
  const coloured = (results: Result[]) => formatComparison(results, { title: 'x', style: COLOUR });
  expect(coloured([C_FCFS, DARC])).toContain('\u001b[32m4.25\u001b[39m');
  expect(coloured([C_FCFS, DARC])).not.toMatch(/\[32m95\.4/);
  const few = (policy: string, p99_9: number) =>
    resultOf(policy, { A: { count: 500, serviceNs: 1000, p99: p99_9, p99_9 } });
  expect(coloured([few('c-fcfs', 50), few('sjf', 5)])).not.toContain('\u001b[32m5.00');
});

test('an unstable run has no latencies, and is never the best', () => {
  const reason = 'Its queues grew.';
  const text = format(C_FCFS, { ...DARC, outcome: 'unstable', reason });
  expect(text.match(/^ {2}darc +unstable +100k$/gm)).toHaveLength(2);
  expect(text).not.toContain('4.25');
  expect(text).toMatch(/^darc, unstable: Its queues grew\.$/m);
  const coloured = formatComparison([C_FCFS, { ...DARC, outcome: 'unstable' }], { title: 'x', style: COLOUR });
  expect(coloured).not.toContain('4.25');
});

test.each(['saturated', 'lost', 'failed'] as const)('a run that is %s has no latencies either', (outcome) => {
  const text = format(C_FCFS, { ...DARC, outcome, reason: 'It is so.' });
  expect(text.match(new RegExp(`^ {2}darc +${outcome} +100k$`, 'gm'))).toHaveLength(2);
  expect(text).toMatch(new RegExp(`^darc, ${outcome}: It is so\\.$`, 'm'));
});

test('a doubt stands below the table', () => {
  const reason = 'It may be unstable, too short to tell: its workers never idled.';
  const text = format(C_FCFS, { ...DARC, reason });
  expect(text).toContain('4.25');
  expect(text).toMatch(/^darc: It may be unstable, too short to tell: its workers never idled\.$/m);
});

test('a run of nothing has dashes, not NaN', () => {
  const none = resultOf(
    'c-fcfs',
    { A: { count: 0, serviceNs: 1000, p99: 1, p99_9: 1 } },
    { outcome: 'failed', dropped: 0 },
  );
  expect(format(none, C_FCFS)).not.toContain('NaN');
});

test('a run that had not settled says so, an unstable one does not say it twice', () => {
  expect(format(C_FCFS, { ...DARC, warmupRule: 'unsettled' })).toMatch(/^darc had not settled when measuring began/m);
  expect(format(C_FCFS, { ...DARC, warmupRule: 'unsettled', outcome: 'unstable' })).not.toContain('had not settled');
});

test('a group of types with long names is cut where its column ends', () => {
  const types = ['a', 'b', 'c'].map((letter) => letter.repeat(50));
  const groups = [{ types, workers: [0, 1, 2] }];
  const text = format({ ...C_FCFS, reservations: [{ atNs: 0, groups }] });
  expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
  expect(text.replace(/\s/g, '')).toContain(types.join('+'));
});
