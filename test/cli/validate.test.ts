import { expect, test } from 'vitest';
import { validationCases } from '../../src/experiment/validate/validation-cases.js';
import type { ValidationCheck } from '../../src/results/validation.js';
import { psp } from './psp.js';

test('psp validate --quick: the simulator agrees with theory', { timeout: 300_000 }, async () => {
  const { code, out, err } = await psp(['validate', '--quick', '--json', '-']);
  const { schema, checks } = JSON.parse(out) as { schema: string; checks: ValidationCheck[] };
  expect(schema).toBe('psp.validation/1');
  expect(checks.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
  expect(new Set(checks.map((check) => check.case)).size).toBe(validationCases().length + 1);
  expect(err).toMatch(/^M\/G\/1, priorities, fixed-priority\n {2}mean wait of A .* ok$/m);
  expect(err).toMatch(/^All \d+ agree with theory\.$/m);
  expect(code).toBe(0);
});

test('what does not exist is refused', async () => {
  const { code, err } = await psp(['validate', '--quik']);
  expect([code, err]).toEqual([2, "psp: unknown option '--quik': did you mean '--quick'?"]);
});
