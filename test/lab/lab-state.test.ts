import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FIRST_STATE, fragmentOf, type LabState, labCommand, MOST_REQUESTS, stateOf } from '../../src/lab/lab-state.js';

const anyState: fc.Arbitrary<LabState> = fc.record({
  workload: fc.string({ unit: 'grapheme', minLength: 1 }),
  yaml: fc.string({ unit: 'grapheme' }),
  policies: fc.tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1 })),
  system: fc.string(),
  load: fc.double({ min: 0.01, max: 1.2, noNaN: true }),
  workers: fc.integer({ min: 1, max: 256 }),
  seed: fc.string({ unit: 'grapheme', minLength: 1 }),
  requests: fc.integer({ min: 1000, max: MOST_REQUESTS }),
  code: fc.string(),
  step: fc.integer({ min: 0, max: 7 }),
  fromNs: fc.nat(),
  forNs: fc.nat(),
});

it('an address brings back the state that it was made of', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      expect(stateOf(`#${fragmentOf(state)}`)).toEqual(state);
    }),
  );
});

it('what an address says wrongly is as at first', () => {
  expect(stateOf('#load=-1&workers=1.5&requests=many&step=9&policy=&seed=')).toEqual(FIRST_STATE);
  expect(stateOf('')).toEqual(FIRST_STATE);
});

it('the command has everything that the result depends on', () => {
  expect(labCommand(FIRST_STATE, 1)).toBe(
    'psp sim --workload bimodal --policy c-fcfs,darc --workers 14 --load 0.8 --requests 200000 --seed 1',
  );
  const state = {
    ...FIRST_STATE,
    yaml: 'name: x',
    policies: ['darc', 'darc'] as const,
    system: 'shinjuku',
    seed: '1:2',
  };
  expect(labCommand(state, 8)).toBe(
    'psp sim --workload ./bimodal.yaml --policy darc --system shinjuku --workers 14 --load 0.8 --requests 200000 ' +
      `--seed '"1:2"' --replications 8`,
  );
});
