/**
 * Dilation stretches all times of a run by one factor, so that a cluster's queueing fits a laptop. Workers then sleep
 * instead of spinning, and a sleeping worker needs no core.
 */

import { formatDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { roundDown, roundUp } from '../../units/round-steps.js';
import type { Workload } from '../../workload/workload.js';
import { chooseLoopbackNet, loopbackCoresNeeded } from '../machine/cores.js';
import type { NetForm } from '../native/native.js';

/**
 * The shortest type is stretched to this. On shared cores, a request's way through four threads that are woken costs
 * about 0.35 ms (measured: 140 us to and from the server, 110 us hand-off to a worker, 25 us lateness of sleeps), an
 * error of a third.
 */
const SHORTEST_SERVICE_NS = 1e6;

/** The work of all threads for a request on shared cores: measured 60 to 100 us. It may take half of the cores. */
const COST_PER_REQUEST_NS = 100e3;
const SHARE_OF_CORES = 0.5;

export interface Dilation {
  readonly factor: number;
  /** True when threads share cores: they sleep instead of spinning. */
  readonly shared: boolean;
  /** Who polls the server's device. */
  readonly net: NetForm;
  /** Why, in one line for the user. */
  readonly reason: string;
}

/** The longest demand that fits the 32 bits of a frame, real ns: 4.29 s. */
const LONGEST_DEMAND_NS = 0xffff_ffff;

/**
 * Makes sure that the longest request fits its frame: a factor that psp chose is made smaller, one that the user gave
 * is refused.
 *
 * @throws InputError
 */
export function fitDemands(dilation: Dilation, longestNs: number, chosen: boolean): Dilation {
  const limit = LONGEST_DEMAND_NS / longestNs;
  if (dilation.factor <= limit) return dilation;
  const longest = `the longest request of ${formatDuration(longestNs)}`;
  if (limit < 1) throw new InputError(`${longest} is beyond the 4.29 s a frame can carry`);
  if (!chosen) {
    throw new InputError(
      `--dilate: ${longest} becomes ${formatDuration(longestNs * dilation.factor)}, beyond the 4.29 s a frame can ` +
        `carry: expected at most ${Math.floor(limit)}, found ${dilation.factor}`,
    );
  }
  const factor = roundDown(limit);
  return {
    factor,
    shared: dilation.shared,
    net: dilation.net,
    reason:
      `dilation ${factor} (${dilation.factor} would suit this machine better, but ${longest} must stay below ` +
      'the 4.29 s a frame can carry); results are in undilated time',
  };
}

/** The smallest round factor at which the run fits `cores`. */
export function chooseDilation(
  workload: Workload,
  rps: number,
  workers: number,
  cores: number,
  net = chooseLoopbackNet(workers, cores),
): Dilation {
  if (cores >= loopbackCoresNeeded(workers, net)) {
    return {
      factor: 1,
      shared: false,
      net,
      reason: `dilation 1: ${cores} cores are enough for ${workers} workers that spin`,
    };
  }
  const shortestNs = Math.min(
    ...workload.phases.flatMap((phase) =>
      phase.service.filter((_, type) => phase.ratio[type]! > 0).map((service) => service.meanNs),
    ),
  );
  const forPrecision = SHORTEST_SERVICE_NS / shortestNs;
  const forRate = (rps * COST_PER_REQUEST_NS) / 1e9 / (cores * SHARE_OF_CORES);
  // A round factor keeps stretched times readable.
  const factor = roundUp(Math.max(1, forPrecision, forRate));
  return {
    factor,
    shared: true,
    net,
    reason:
      `dilation ${factor}: too few cores (${cores}) for ${workers} ${workers === 1 ? 'worker' : 'workers'}, ` +
      `the server and the client, so threads sleep instead of spinning and ${formatDuration(shortestNs)} becomes ` +
      `${formatDuration(shortestNs * factor)}; results are in undilated time`,
  };
}

/** The dilation that the user asked for. */
export function givenDilation(
  factor: number,
  workers: number,
  cores: number,
  net = chooseLoopbackNet(workers, cores),
): Dilation {
  const shared = cores < loopbackCoresNeeded(workers, net);
  return { factor, shared, net, reason: `dilation ${factor}, as asked for${shared ? '; workers sleep' : ''}` };
}
