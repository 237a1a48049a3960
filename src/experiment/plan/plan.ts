/** Makes runs from what a person asked for: reads the workload, finds the contenders, checks. */

import { scanTraceFile } from '../../files/trace-file.js';
import { namingFault } from '../../policy-files/policy-faults.js';
import { contenders } from './contenders.js';
import { openWorkload } from './open-workload.js';
import { type Plan, planInput } from './plan-input.js';
import { readRunInput } from './read-workload.js';
import { type AskedSettings, withDefaults } from './run-settings.js';

/**
 * Reads and checks everything that is asked for, so that nothing is refused once the first run has begun.
 *
 * @param scan reads a trace; a caller that plans many runs passes one that remembers
 * @throws InputError
 */
export async function planRuns(given: AskedSettings, scan = scanTraceFile): Promise<Plan> {
  const settings = withDefaults(given);
  const input = await readRunInput(settings, settings.workers, scan);
  const compared = contenders(settings, input.name);
  return namingFault(() => planInput(settings, input, compared, openWorkload));
}
