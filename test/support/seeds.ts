/**
 * Set up for every test file: properties of fast-check draw from the common seed, and a failure names the command that
 * repeats it.
 */

import fc, { type RunDetails } from 'fast-check';
import { afterEach } from 'vitest';
import { drewSeeds, repeatLine, runs, SEED } from './runs.js';

fc.configureGlobal({
  seed: SEED,
  numRuns: runs(100),
  // For asynchronous properties, too.
  reporter: report,
});

function report(details: RunDetails<unknown>): void {
  if (!details.failed) return;
  throw new Error(`${fc.defaultReportMessage(details)}\n${repeatLine()}`, { cause: details.errorInstance });
}

afterEach(({ task }) => {
  if (task.result?.state === 'fail' && drewSeeds()) console.error(repeatLine());
});
