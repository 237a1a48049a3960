import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play } from '../../src/check/play.js';
import { makeSmallTrace } from '../../src/check/small-trace.js';
import { defaultParameters, type Policy } from '../../src/scheduler/policy.js';
import { policies } from '../../src/scheduler/policy-registry.js';
import { runs } from '../support/runs.js';
import { blocks, pages, ROOT } from './pages.js';

/**
 * Policies in the pages are whole files: they compile as they stand, and keep what their metadata promise.
 */
describe.each(blocks('ts policy'))('the policy at $at', ({ text }) => {
  let folder = '';
  let file = '';

  beforeAll(() => {
    // Inside the checkout, where its imports and the compiler's settings lead to the right places; git ignores the
    // folder.
    mkdirSync(join(ROOT, 'build'), { recursive: true });
    folder = mkdtempSync(join(ROOT, 'build/policy-of-the-docs-'));
    file = join(folder, 'policy.ts');
    writeFileSync(file, text.replaceAll("'psp/policy'", "'../../src/scheduler/policy-parts.js'"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('type-checks', () => {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(ROOT, 'tsconfig.test.json'),
      {},
      { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => expect(diagnostic).toBeUndefined() },
    )!;
    const { incremental: _, tsBuildInfoFile: __, ...options } = config.options;
    const program = ts.createProgram([file], { ...options, noEmit: true });
    const complaints = ts.getPreEmitDiagnostics(program);
    expect(complaints.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  it('schedules random workloads without breaking a promise', async () => {
    const exports: Record<string, Policy> = await import(/* @vite-ignore */ pathToFileURL(file).href);
    const policies = Object.values(exports).filter((each) => typeof each.create === 'function');
    expect(policies).toHaveLength(1);
    const policy = policies[0]!;
    const shapes = fc.record({
      types: fc.integer({ min: 1, max: 4 }),
      workers: fc.integer({ min: 1, max: 40 }),
      load: fc.double({ min: 0.2, max: 1.2, noNaN: true }),
      requests: fc.integer({ min: 1, max: 400 }),
      seed: fc.nat(),
      tickNs: fc.constantFrom(1, 100, 1000),
      vary: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, fc.boolean(), async (shape, unknown) => {
        const types = unknown ? shape.types + 1 : shape.types;
        const chosen = { policy, parameters: defaultParameters(policy) };
        const { referee, record } = await play(chosen, makeSmallTrace({ ...shape, types }), {
          workers: shape.workers,
          types,
          unknown,
        });
        expect(referee.violations).toEqual([]);
        expect(record.inFlight).toBe(0);
      }),
      { numRuns: runs(60) },
    );
  });
});

it('docs/policies.md lists every policy with its source, and no other', () => {
  const { text } = pages.find(({ path }) => path === 'docs/policies.md')!;
  const rows = [...text.matchAll(/^\| `([^`]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(([, name, what, source]) => [
    name,
    what,
    source,
  ]);
  expect(rows).toEqual(
    policies.map(({ name, title, summary, reference }) => [name, `${title}: ${summary}`, reference]),
  );
});

it('there are policies in the pages', () => {
  expect(blocks('ts policy').length).toBeGreaterThanOrEqual(2);
});
