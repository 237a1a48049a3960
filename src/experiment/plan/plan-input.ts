/** Makes and checks runs from a workload that was read. Nothing here needs Node. */

import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import type { Replications } from '../run/replicate.js';
import { checkRun } from './check-run.js';
import type { OpenWorkload } from './open-generated.js';
import { canSettle, type RunInput } from './run-input.js';
import { type AskedSettings, DEFAULTS, type withDefaults } from './run-settings.js';
import type { RunSpec } from './run-spec.js';
import { checkTypeName } from './type-names.js';

/** Runs that compare policies on the same trace of requests. */
export interface Plan {
  readonly specs: readonly RunSpec[];
  readonly replications: Replications;
  readonly workload: OpenWorkload;
}

/** What is compared: a policy, and the system around it if there is one. */
export type Contender = Pick<RunSpec, 'policy' | 'system'>;

/**
 * Checks everything that is asked for, so that nothing is refused once the first run has begun.
 *
 * @param settings with their defaults
 * @param open opens the workload of a run
 * @throws InputError
 */
export function planInput(
  settings: ReturnType<typeof withDefaults<AskedSettings>>,
  { workload, end }: RunInput,
  contenders: readonly Contender[],
  open: (spec: RunSpec) => OpenWorkload,
): Plan {
  const { workers, seed } = settings;
  const asked = contenders.map(
    (contender): RunSpec => ({
      workload,
      ...contender,
      workers,
      seed,
      replication: 0,
      warmup: settings.warmup ?? 'find',
      end,
      ...(settings.sliceNs !== undefined && { sliceNs: settings.sliceNs }),
      ...(settings.unclassified !== undefined && { unclassified: settings.unclassified }),
      ...(settings.record !== undefined && { record: settings.record }),
    }),
  );
  refuseNamesakes(asked.map(({ policy }) => policy));
  const opened = open(asked[0]!);
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

/**
 * Refuses two policies of one name that are not the same: results and tables tell them apart by name.
 *
 * @throws InputError
 */
export function refuseNamesakes(policies: readonly TypedPolicy[]): void {
  const first = new Map<string, TypedPolicy>();
  for (const chosen of policies) {
    const { name } = chosen.policy;
    const other = first.get(name);
    first.set(name, other ?? chosen);
    if (other?.code?.sha256 === chosen.code?.sha256 || !other) continue;
    throw new InputError(`${other.text}, ${chosen.text}: both have the name '${name}': expected another name in one`);
  }
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

function readReplications(settings: AskedSettings, { workload }: RunSpec): Replications {
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
