import { describe, expect, it } from 'vitest';
import { ARRIVALS } from '../../src/workload/arrivals/arrival-registry.js';
import { DISTRIBUTIONS } from '../../src/workload/distributions/distribution-registry.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import { scanTrace } from '../../src/workload/trace.js';
import { blocks, pages } from './pages.js';

describe.each(blocks('yaml workload'))('the workload at $at', ({ at, text }) => {
  it('is read, and requests come from it', () => {
    const workload = parseWorkload(text, at);
    const batch = new RequestBatch();
    createRequestSource(workload, { load: 0.5, workers: 4, seed: 1, requests: 100 }).fill(batch);
    expect(batch.length).toBe(100);
  });
});

it.each(blocks('csv'))('the trace at $at is read', async ({ at, text }) => {
  expect((await scanTrace([new TextEncoder().encode(text)], at)).requests).toBeGreaterThan(0);
});

describe('docs/add-a-workload.md', () => {
  const { text } = pages.find(({ path }) => path === 'docs/add-a-workload.md')!;

  it.each(DISTRIBUTIONS.map(({ name }) => name))('has a row for the distribution %s', (name) => {
    expect(text).toContain(`| \`${name}\` `);
  });

  it.each(ARRIVALS.map(({ name }) => name))('has a row for the arrivals %s', (name) => {
    expect(text).toMatch(new RegExp(`^\\| \`(${name}|\\{ ${name}: .*\\})\` +\\|`, 'm'));
  });
});
