import type { Observer } from '../../src/metrics/observer.js';
import type { RunRecord } from '../../src/metrics/run-record.js';
import type { Policy } from '../../src/scheduler/policy.js';
import type { ChosenPolicy } from '../../src/scheduler/policy-registry.js';
import type { TypeInfo } from '../../src/scheduler/scheduler.js';
import type { SystemCosts } from '../../src/sim/costs.js';
import { simulate } from '../../src/sim/simulate.js';
import { substream } from '../../src/workload/random.js';
import { Referee } from './referee.js';
import { meanOfType, sourceOf, type Trace } from './trace.js';

export interface PlayOptions {
  readonly workers: number;
  readonly types: number;
  /** Is the last type one the classifier does not recognise? */
  readonly unknown?: boolean;
  readonly typeInfo?: (type: number) => Partial<TypeInfo>;
  readonly costs?: SystemCosts;
  readonly observer?: Observer;
}

/** Simulates a policy on a trace with a referee between the two. */
export async function play(
  chosen: ChosenPolicy,
  trace: Trace,
  { workers, types, unknown = false, typeInfo = () => ({}), costs, observer }: PlayOptions,
): Promise<{ referee: Referee; record: RunRecord }> {
  let referee: Referee | undefined;
  const refereed: Policy = {
    ...chosen.policy,
    create: (setup) => {
      referee = new Referee(chosen, setup, trace);
      return referee;
    },
  };
  const classified = unknown ? types - 1 : types;
  const ratio = Array.from(
    { length: classified },
    (_, type) => trace.type.filter((t) => t === type).length / trace.type.length,
  );
  const record = await simulate({
    policy: { policy: refereed, parameters: chosen.parameters },
    workers,
    types: Array.from({ length: classified }, (_, type) => ({ name: `T${type}`, ...typeInfo(type) })),
    hasUnknown: unknown,
    source: sourceOf(trace),
    random: substream(1, 'stealing'),
    trueProfile: { meanNs: Array.from({ length: classified }, (_, type) => meanOfType(type)), ratio },
    warmup: { requests: 0 },
    ...(costs && { costs }),
    ...(observer && { observer }),
  });
  referee!.finish();
  return { referee: referee!, record };
}
