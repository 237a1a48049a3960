import { float64s } from '../../units/arrays.js';
import { DECLARED, definePolicy, type ParameterSpec, queueLimit, statedProfile } from '../policy.js';
import { ReservedScheduler } from '../reserved-scheduler.js';
import type { SchedulerSetup } from '../scheduler.js';
import { TYPED_QUEUE_LIMIT } from '../typed-scheduler.js';

export type DarcParameters = {
  window: number;
  delta: number;
  demand: number;
  delay: number;
  oracle: boolean;
  declared: boolean;
  queue: number;
};

/**
 * Completions between two checks of the update triggers once a window is full: often enough to adapt within a window,
 * rare enough to cost nothing.
 */
const TRIGGER_CHECK_INTERVAL = 64;

/**
 * DARC, dynamic application-aware reserved cores (Perséphone, SOSP'21, section 3, algorithms 1 and 2).
 *
 * It runs as c-FCFS while it profiles the first window of completions. Then it reserves workers for groups of similar
 * types, in proportion to their demand. Later windows change the reservation only when requests wait too long (the
 * delay trigger) and the demand has changed (the demand trigger).
 *
 * It differs from the paper's prototype on purpose:
 * - The backlog of the profiling phase stays in its queues, in the order of arrival.
 * - A type that did not occur in the window loses its workers, but may use those of longer groups and the spillway.
 * - A worker that no group claims after rounding goes to the longest group, from which the shorter ones can steal it.
 * - A window that leads to no update is discarded after twice its length, so that an old mix of requests does not hide
 *   a new one.
 */
export class Darc extends ReservedScheduler {
  /** Last known mean service time per type, ns; Infinity until a request of the type has completed. */
  private readonly meanNs: Float64Array;
  /** Workers that each type keeps busy, by the profile of the current reservation. */
  private readonly demand: Float64Array;
  private readonly nextDemand: Float64Array;
  private readonly windowSumNs: Float64Array;
  private readonly windowCount: Float64Array;
  private readonly order: Int32Array;
  private completions = 0;
  /** Number of completions at which the window is checked next. */
  private lookAt: number;
  private reserved = false;

  constructor(
    setup: SchedulerSetup,
    private readonly parameters: DarcParameters,
  ) {
    super(setup, parameters.queue);
    this.lookAt = parameters.window;
    const types = setup.types.length;
    this.meanNs = float64s(types).fill(Number.POSITIVE_INFINITY);
    this.demand = float64s(types);
    this.nextDemand = float64s(types);
    this.windowSumNs = float64s(types);
    this.windowCount = float64s(types);
    this.order = Int32Array.from({ length: types }, (_, type) => type);
    if (parameters.oracle || parameters.declared) this.believe(setup);
  }

  protected observe(type: number, serviceNs: number): void {
    if (type < this.types) {
      this.windowSumNs[type]! += serviceNs;
      this.windowCount[type]!++;
    }
    const completions = ++this.completions;
    if (completions >= this.lookAt) this.windowIsFull(completions);
  }

  private windowIsFull(completions: number): void {
    const { window } = this.parameters;
    const isFirst = !this.reserved;
    const isDue = isFirst || ((completions - window) % TRIGGER_CHECK_INTERVAL === 0 && this.someTypeSuffers());
    // A window of UNKNOWN requests says nothing of the types: they keep the workers that they have.
    if (isDue && this.windowNs() > 0 && (this.measureDemand() || isFirst)) {
      this.reserve();
      this.setup.world.reserved();
    } else if (isDue || completions >= 2 * window) {
      this.restartWindow();
    } else {
      this.lookAt = Math.min(completions + TRIGGER_CHECK_INTERVAL, 2 * window);
    }
  }

  /** The delay trigger: the second-oldest request of some type has waited longer than the type allows. */
  private someTypeSuffers(): boolean {
    const { queues, meanNs } = this;
    const nowNs = this.setup.now[0]!;
    for (let type = 0; type < this.types; type++) {
      if (queues.length[type]! < 2) continue;
      // A type without a mean may not wait at all.
      const allowedNs = meanNs[type] === Number.POSITIVE_INFINITY ? 0 : this.parameters.delay * meanNs[type]!;
      if (nowNs - queues.arrivalNs(queues.second(type)) > allowedNs) return true;
    }
    return false;
  }

  /**
   * Computes each type's demand in workers from the window: N x mean_i x ratio_i / sum_j (mean_j x ratio_j), which is N
   * times the type's share of the service time. Returns whether a demand changed by more than the demand trigger, or a
   * type came or vanished.
   */
  private measureDemand(): boolean {
    const { windowSumNs, windowCount, nextDemand, demand, meanNs } = this;
    const totalNs = this.windowNs();
    let moved = false;
    for (let type = 0; type < this.types; type++) {
      if (windowCount[type]! > 0) meanNs[type] = windowSumNs[type]! / windowCount[type]!;
      nextDemand[type] = totalNs > 0 ? (this.setup.workers * windowSumNs[type]!) / totalNs : 0;
      const before = demand[type]!;
      if (Math.abs(nextDemand[type]! - before) > this.parameters.demand * before) moved = true;
    }
    return moved;
  }

  /** Service time of all known types in the window. */
  private windowNs(): number {
    let totalNs = 0;
    for (let type = 0; type < this.types; type++) totalNs += this.windowSumNs[type]!;
    return totalNs;
  }

  private reserve(): void {
    this.demand.set(this.nextDemand);
    this.sortByMean();
    this.layOut();
    this.reserved = true;
    this.restartWindow();
  }

  /**
   * Insertion sort: the types are few and almost sorted, and it allocates nothing. Equal means keep the order of the
   * types.
   */
  private sortByMean(): void {
    const { order, meanNs } = this;
    for (let type = 0; type < order.length; type++) order[type] = type;
    for (let i = 1; i < order.length; i++) {
      const type = order[i]!;
      let at = i;
      while (at > 0 && meanNs[order[at - 1]!]! > meanNs[type]!) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = type;
    }
  }

  /** Groups types of similar mean and gives each group its workers, shortest first. */
  private layOut(): void {
    const { order, meanNs, demand, spillway } = this;
    const { delta } = this.parameters;
    const { workers } = this.setup;
    let nextWorker = 0;
    let i = 0;
    let demanding = order.length;
    while (demanding > 1 && demand[order[demanding - 1]!] === 0) demanding--;
    this.beginGroups();
    while (i < order.length) {
      const firstMeanNs = meanNs[order[i]!]!;
      let groupDemand = 0;
      for (let opens = true; i < order.length && (opens || similar(meanNs[order[i]!]!, firstMeanNs, delta)); i++) {
        this.addToGroup(order[i]!, opens);
        groupDemand += demand[order[i]!]!;
        opens = false;
      }
      const wanted = i >= demanding ? workers : nextWorker + wholeWorkers(groupDemand);
      // The longest group with a demand takes all workers that are left. A group without a demand takes none.
      if (groupDemand > 0) while (nextWorker < Math.min(wanted, workers)) this.own(nextWorker++);
      if (wanted > workers || groupDemand === 0 || nextWorker === workers) this.share(spillway);
    }
    this.endGroups();
  }

  private restartWindow(): void {
    this.windowSumNs.fill(0);
    this.windowCount.fill(0);
    this.completions = 0;
    this.lookAt = this.parameters.window;
  }

  /**
   * The parameters `oracle` and `declared`: begins with the means and ratios that the workload states instead of a
   * profiling window. In the simulator they are true. A real machine has only what is declared, as the configuration of
   * the original has it, and later windows correct it.
   */
  private believe(setup: SchedulerSetup): void {
    const truth = statedProfile(setup, 'darc');
    for (let type = 0; type < this.types; type++) {
      this.windowSumNs[type] = truth.meanNs[type]! * truth.ratio[type]!;
      this.windowCount[type] = truth.ratio[type]!;
    }
    this.measureDemand();
    this.reserve();
  }
}

/** Types are similar when the mean is within delta of that of the group's first, shortest type. */
function similar(meanNs: number, firstMeanNs: number, delta: number): boolean {
  return meanNs - firstMeanNs < delta * firstMeanNs || meanNs === firstMeanNs;
}

/** Rounds a demand to whole workers: below one, up to one; else a fraction of up to a half down, and more up. */
export function wholeWorkers(demand: number): number {
  if (demand < 1) return 1;
  const floor = Math.floor(demand);
  return demand - floor <= 0.5 ? floor : floor + 1;
}

export const darcParameters: readonly ParameterSpec[] = [
  { key: 'window', kind: 'integer', min: 1, default: 50_000, help: 'completions in a profiling window' },
  {
    key: 'delta',
    kind: 'number',
    min: 0,
    default: 0.2,
    help: 'types whose means differ by less than this share form a group',
  },
  {
    key: 'demand',
    kind: 'number',
    min: 0,
    default: 0.1,
    help: 'relative change of a type’s demand that allows an update',
  },
  {
    key: 'delay',
    kind: 'number',
    min: 0,
    default: 1,
    help: 'queueing delay that allows an update, in mean service times of the type',
  },
  { key: 'oracle', kind: 'flag', default: false, help: 'start from the workload’s true means and ratios' },
  DECLARED,
  queueLimit(TYPED_QUEUE_LIMIT),
];

export const darc = definePolicy<DarcParameters>({
  name: 'darc',
  title: 'DARC',
  summary:
    'reserves workers for short types in proportion to their demand and lets them idle rather than run long ones',
  reference: "Perséphone (SOSP'21) section 3, algorithms 1 and 2",
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: darcParameters,
  create: (setup, parameters) => new Darc(setup, parameters),
});
