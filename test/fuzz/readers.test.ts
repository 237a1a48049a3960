import { expect, it } from 'vitest';
import { runs, SEED } from '../support/runs.js';
import { fuzzTraceReader } from './fuzz-trace-reader.js';
import { fuzzYamlReader } from './fuzz-yaml-reader.js';

it('the trace reader reads or clearly refuses whatever comes', async () => {
  await expect(fuzzTraceReader(SEED, runs(2000))).resolves.toBeUndefined();
});

it('the YAML reader does so, too', () => {
  expect(() => fuzzYamlReader(SEED, runs(300))).not.toThrow();
});
