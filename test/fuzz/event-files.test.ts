import { it } from 'vitest';
import { scratchFolder } from '../cli/psp.js';
import { fuzzEventFiles } from './event-files.js';

const folder = scratchFolder();

it('a hostile event file ends in a report or in an error that names its place', async () => {
  await fuzzEventFiles(Number(process.env.PSP_SEED ?? 14), Number(process.env.PSP_RUNS ?? 300), folder);
});
