import { expect, it, vi } from 'vitest';
import { EXIT, reportOutcomes } from '../../src/cli/failure.js';
import { C_FCFS, DARC } from '../report/results.js';

it('a run that lost requests or failed ends with exit code 1 and a sentence', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const results = [
    { ...C_FCFS, outcome: 'lost', reason: 'The policy never finished 5 of 5000 requests.' },
    { ...DARC, outcome: 'unstable', reason: 'Its queues grew.' },
  ] as const;
  try {
    expect(reportOutcomes([...results])).toBe(EXIT.no);
    expect(reportOutcomes([C_FCFS, results[1]])).toBe(EXIT.ok);
    expect(reportOutcomes([{ ...DARC, outcome: 'failed', reason: 'No request arrived.' }], () => 'the point')).toBe(
      EXIT.no,
    );
    expect(said.mock.calls).toEqual([
      ['psp: lost: c-fcfs: The policy never finished 5 of 5000 requests.\n'],
      ['psp: failed: the point: No request arrived.\n'],
    ]);
  } finally {
    said.mockRestore();
  }
});
