/** Simulates a policy on a small trace with a referee between the two. */

import type { Observer } from '../metrics/observer.js';
import type { RunRecord } from '../metrics/run-record.js';
import type { Policy } from '../scheduler/policy.js';
import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import type { SchedulerSetup, TypeInfo } from '../scheduler/scheduler.js';
import type { SystemCosts } from '../sim/costs.js';
import { simulate } from '../sim/simulate.js';
import { substream } from '../workload/random.js';
import { createReferee, type Referee } from './referee.js';
import { meanOfType, type SmallTrace, sourceOf } from './small-trace.js';

export interface PlayOptions {
  readonly workers: number;
  readonly types: number;
  /** Is the last type one the classifier does not recognise? */
  readonly unknown?: boolean;
  readonly typeInfo?: (type: number) => Partial<TypeInfo>;
  readonly costs?: SystemCosts;
  readonly observer?: Observer;
}

/**
 * Simulates a policy on a trace with a referee between the two.
 *
 * @throws InputError when the policy refuses the setup
 */
export async function play(
  chosen: ChosenPolicy,
  trace: SmallTrace,
  options: PlayOptions,
): Promise<{ referee: Referee; record: RunRecord }> {
  let referee: Referee | undefined;
  const create = (setup: SchedulerSetup) => {
    let at = 0;
    const next = () => ({ arrivalNs: trace.arrivalNs[at]!, demandNs: trace.serviceNs[at++]! });
    referee = createReferee(chosen, setup, { next, toldLate: options.costs !== undefined });
    return referee;
  };
  const record = await playAlone({ ...chosen, policy: { ...chosen.policy, create } as Policy }, trace, options);
  referee!.finish();
  return { referee: referee!, record };
}

/** The same without a referee. */
export function playAlone(
  policy: ChosenPolicy,
  trace: SmallTrace,
  { workers, types, unknown = false, typeInfo = () => ({}), costs, observer }: PlayOptions,
): Promise<RunRecord> {
  const classified = unknown ? types - 1 : types;
  const ratio = Array.from(
    { length: classified },
    (_, type) => trace.type.filter((t) => t === type).length / trace.type.length,
  );
  return simulate({
    policy,
    workers,
    types: Array.from({ length: classified }, (_, type) => ({ name: `T${type}`, ...typeInfo(type) })),
    hasUnknown: unknown,
    source: sourceOf(trace),
    random: substream(1, 'stealing'),
    trueProfile: { meanNs: Array.from({ length: classified }, (_, type) => meanOfType(type)), ratio },
    warmup: { requests: 0 },
    expectedRequests: trace.arrivalNs.length,
    ...(costs && { costs }),
    ...(observer && { observer }),
  });
}
