import { defaultParameters } from '../../scheduler/policy.js';
import { usesFlows } from '../../scheduler/policy-registry.js';
import type { DropReason, SchedulerSetup, World } from '../../scheduler/scheduler.js';
import { replacesPolicyCost } from '../../sim/costs.js';
import { formatDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import type { OpenWorkload } from './open-generated.js';
import { rangeAsInput } from './run-input.js';
import type { RunSpec } from './run-spec.js';

/**
 * Refuses a run that could not begin: makes the scheduler and the trace of requests once, for their complaints.
 *
 * @throws InputError
 */
export function checkRun(spec: RunSpec, workload: OpenWorkload): void {
  checkSlices(spec.sliceNs, workload);
  const { policy, parameters, text } = spec.policy;
  if (usesFlows(spec.policy) && !workload.hasFlows) throw missingFlows(text);
  checkSystem(spec);
  const setup: SchedulerSetup = {
    workers: spec.workers,
    types: workload.types,
    world: NOWHERE,
    now: new Float64Array(1),
    random: () => 0,
    trueProfile: workload.trueProfile,
    demandNs: new Float64Array(1),
    completionNs: new Float64Array(1),
  };
  policy.create(setup, parameters);
  if (spec.workload.kind === 'generated') rangeAsInput(() => workload.source({ flows: false }));
}

export function missingFlows(policy: string): InputError {
  return new InputError(
    `${policy}: needs the flow of each request, but the trace has no column 'flow': use steering=random or round-robin`,
  );
}

function checkSystem({ policy: chosen, system }: RunSpec): void {
  const { policy, parameters, text } = chosen;
  if (!system) return;
  if (policy.sharing) {
    throw new InputError(`${text}: serves all requests at once, which no system can: leave out system ${system.name}`);
  }
  const isStated = parameters.costNs !== defaultParameters(policy).costNs;
  if (isStated && replacesPolicyCost(system.costs, chosen)) {
    throw new InputError(`${text}: what that costs is for system ${system.name} to say: leave out cost`);
  }
}

const NOWHERE: World = {
  start() {},
  preempt() {},
  drop(_request: number, _reason: DropReason) {},
  stole() {},
  reserved() {},
};

/** More slices mean a mistake in the unit. */
const MOST_SLICES = 10_000;

/** @throws InputError when a run has too many slices */
export function checkSlices(
  sliceNs: number | undefined,
  { end, offeredRps }: Pick<OpenWorkload, 'end' | 'offeredRps'>,
): void {
  if (sliceNs === undefined) return;
  const runNs = 'durationNs' in end ? end.durationNs : (end.requests / offeredRps) * 1e9;
  if (runNs / sliceNs > MOST_SLICES) {
    throw new InputError(
      `slice: expected at most ${MOST_SLICES} slices, found ${Math.ceil(runNs / sliceNs)} ` +
        `(${formatDuration(sliceNs)} of about ${formatDuration(runNs)})`,
    );
  }
}
