/** Makes runs from what a person asked for: reads the workload, finds the contenders, checks. */

import { scanTraceFile } from '../../files/trace-file.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import type { Replications } from '../run/replicate.js';
import { checkRun } from './check-run.js';
import { contenders, refuseNamesakes } from './contenders.js';
import { type OpenWorkload, openWorkload } from './open-workload.js';
import { canSettle, readRunInput } from './read-workload.js';
import { DEFAULTS, type Settings, withDefaults } from './run-settings.js';
import type { RunSpec } from './run-spec.js';
import { checkTypeName } from './type-names.js';

/** Runs that compare policies on the same trace of requests. */
export interface Plan {
  readonly specs: readonly RunSpec[];
  readonly replications: Replications;
  readonly workload: OpenWorkload;
}

/**
 * Reads and checks everything that is asked for, so that nothing is refused once the first run has begun.
 *
 * @param scan reads a trace; a caller that plans many runs passes one that remembers
 * @throws InputError
 */
export async function planRuns(given: Settings, scan = scanTraceFile): Promise<Plan> {
  const settings = withDefaults(given);
  const { workers, seed } = settings;
  const { workload, end, name } = await readRunInput(settings, workers, scan);
  const asked = contenders(settings, name).map(
    (contender): RunSpec => ({
      workload,
      ...contender,
      workers,
      seed,
      replication: 0,
      warmup: settings.warmup ?? 'find',
      end,
      ...(settings.sliceNs !== undefined && { sliceNs: settings.sliceNs }),
      ...(settings.record !== undefined && { record: settings.record }),
    }),
  );
  refuseNamesakes(asked.map(({ policy }) => policy));
  const opened = openWorkload(asked[0]!);
  const specs = asked.map((spec) =>
    canSettle(workload, opened.load) ? spec : { ...spec, warmup: settings.warmup ?? DEFAULTS.warmup },
  );
  for (const spec of specs) checkRun(spec, opened);
  const replications = readReplications(settings, specs[0]!);
  const ofType = replications.precision?.type;
  if (ofType !== undefined) checkTypeName('precision', ofType, typeNames(opened));
  if (settings.record !== undefined) checkRecorded(specs, replications);
  return { specs, replications, workload: opened };
}

/** An event file holds one run. */
function checkRecorded(specs: readonly RunSpec[], { first, precision }: Replications): void {
  if (specs.length === 1 && first === 1 && !precision) return;
  const found = specs.map(({ policy }) => policy.text).join(', ');
  const times = first > 1 ? ` in ${first} replications` : '';
  throw new InputError(
    `record: an event file holds one run: expected one policy and no replications, found ${found}${times}`,
  );
}

function readReplications(settings: Settings, { workload }: RunSpec): Replications {
  const { precision, maxReplications = DEFAULTS.maxReplications } = settings;
  if (settings.maxReplications !== undefined && precision === undefined) {
    throw new InputError('max-replications is the ceiling of precision: expected both, found only max-replications');
  }
  const usual = precision ? Math.min(DEFAULTS.replicationsForPrecision, maxReplications) : DEFAULTS.replications;
  const { replications = usual } = settings;
  if (workload.kind === 'trace' && (replications > 1 || precision)) {
    throw new InputError(
      `${workload.summary.fileName}: a trace is the same in every replication: ` +
        'replications and precision are for workload files (.yaml)',
    );
  }
  if (precision && replications > maxReplications) {
    throw new InputError(
      `expected replications of at most max-replications = ${maxReplications}, found ${replications}`,
    );
  }
  return { first: replications, ...(precision && { precision, most: maxReplications }) };
}
