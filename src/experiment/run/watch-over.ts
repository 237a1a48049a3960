import { createReferee, type Referee } from '../../check/referee.js';
import type { Policy } from '../../scheduler/policy.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';

/**
 * A referee for the schedulers of a run, of which the last one made is asked. Nothing here needs Node.
 *
 * @param toldLate are the costs of a system simulated?
 */
export function watchOver(toldLate: boolean) {
  let referee: Referee | undefined;
  return {
    /** The policy, with a referee before each scheduler that it makes. */
    watch(chosen: ChosenPolicy): ChosenPolicy {
      const create: Policy['create'] = (setup) => {
        // The simulator tells every scheduler the demand of what arrives; one that is not clairvoyant never sees it.
        const next = () => ({ arrivalNs: setup.now[0]!, demandNs: setup.demandNs![0]! });
        referee = createReferee(chosen, setup, { next, toldLate, history: false });
        return referee;
      };
      return { ...chosen, policy: { ...chosen.policy, create } };
    },
    violation: () => referee?.violations[0],
    finish: () => referee?.finish(),
  };
}
