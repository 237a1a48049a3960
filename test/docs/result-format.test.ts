import { expect, it } from 'vitest';
import { createResult, type Manifest } from '../../src/metrics/result.js';
import { run, shippedWorkload } from '../support/workloads.js';
import { pages } from './pages.js';

const manifest: Manifest = {
  version: '0',
  commit: null,
  node: '',
  cpu: '',
  configHash: '',
  startedAt: '',
  wallSeconds: 0,
};

it('docs/result-format.md names every field of a result', async () => {
  const record = await run('darc', shippedWorkload('bimodal'), { requests: 1000 });
  const identity = {
    policy: 'darc',
    system: 'persephone',
    policyParameters: {},
    workload: 'bimodal',
    workers: 14,
    load: 0.8,
  };
  const result = createResult(
    { world: 'sim', ...identity, offeredRps: 1, seed: '1', warmup: 0.1, warmupRule: 'given' },
    record,
    manifest,
  );
  const { text } = pages.find(({ path }) => path === 'docs/result-format.md')!;
  const words = new Set(
    [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!.replace(/^.*\./, '').replace('[]', '')),
  );
  const fields = [
    result,
    result.manifest,
    result.overall,
    result.types[0]!,
    result.reservations[0]!,
    result.overall.slowdown,
    result.overall.slowdown.ci95,
  ];
  const missing = fields.flatMap((each) => Object.keys(each)).filter((key) => !words.has(key));
  expect(missing).toEqual([]);
});
