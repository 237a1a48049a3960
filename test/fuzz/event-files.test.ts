import { it } from 'vitest';
import { scratchFolder } from '../cli/psp.js';
import { runs, SEED } from '../support/runs.js';
import { fuzzEventFiles } from './event-files.js';

const folder = scratchFolder();

it('a hostile event file ends in a report or in an error that names its place', async () => {
  await fuzzEventFiles(SEED, runs(300), folder);
});
