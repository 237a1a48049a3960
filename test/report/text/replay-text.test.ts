import { describe, expect, it } from 'vitest';
import { formatReplay } from '../../../src/report/text/replay-text.js';

const run = {
  world: 'hw',
  policy: 'darc',
  workload: 'bimodal',
  workers: 3,
  types: [{ name: 'SHORT' }, { name: 'LONG' }],
} as const;

describe('the report of a replay', () => {
  it('is one line when there is no difference', () => {
    expect(formatReplay(run, { decisions: 1_203_441, told: 2_400_000, untilNs: 5e9 })).toBe(
      'darc on bimodal, 3 workers, real: 5s replayed\n1 203 441 decisions, 0 differences\n',
    );
  });

  it('shows the first difference and the state before it', () => {
    const waiting = Array.from({ length: 10 }, (_, i) => ({ request: 20 + i, type: i % 3, waitedNs: 5000 - i }));
    const difference = {
      atNs: 12_500,
      event: 77,
      told: 'dispatch',
      recorded: 'start request 20 on worker 1',
      replayed: 'start request 20 on worker 2',
      waiting,
      idle: [1, 2],
      reservation: {
        groups: [
          { types: [0], workers: [0], stealable: [1, 2] },
          { types: [1], workers: [1, 2], stealable: [] },
        ],
      },
    };
    const text = formatReplay(run, { decisions: 40, told: 60, untilNs: 12_400, difference });
    expect(text).toContain('40 decisions, then a difference');
    expect(text).toContain(
      'event 77 at 12.5us\n  told       dispatch\n  recorded   start request 20 on worker 1\n  replayed   ' +
        'start request 20 on worker 2',
    );
    expect(text).toContain('idle       workers 1, 2');
    expect(text).toContain('waiting    20 SHORT for 5us; 21 LONG for 5us; 22 UNKNOWN for 5us');
    expect(text).toContain('; and 2 more\n');
    expect(text).toContain('reserved   SHORT: 0 | LONG: 1 2');
  });

  it('says where the log had a gap', () => {
    expect(formatReplay(run, { decisions: 9, told: 9, untilNs: 1e6, gap: { atNs: 1e6, lost: 12_345 } })).toContain(
      'The log was full at 1ms and lost 12 345 events',
    );
  });
});
