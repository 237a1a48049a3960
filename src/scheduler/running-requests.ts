import { float64s, int32s, uint8s } from '../units/arrays.js';
import { ClassSet, LEVELS, levelOf, levelStart, type SizeProfile } from './size-profile.js';

/** A constant of this module, which V8 compiles into the code: a division by an imported one is slow. */
const PER_TYPE: number = LEVELS;

/** The request that each worker runs, and its class. A request is *overdue* once it has had its quantum. */
export class RunningRequests {
  readonly requestOn: Int32Array;
  readonly classOn: Int32Array;
  /** Per worker: when its request would have started, had it run without a break. */
  readonly bornNs: Float64Array;
  /** Per worker whose request is overdue: attained service at which its class becomes less urgent, ns. */
  readonly nextLevelNs: Float64Array;
  /** By class: requests that run and have not been told to yield. */
  readonly count: Int32Array;
  /** The classes with an overdue request, and whether the request of a worker is. */
  readonly overdueIn: ClassSet;
  readonly isOverdue: Uint8Array;
  private readonly overdue: Int32Array;

  constructor(
    workers: number,
    private readonly profile: SizeProfile,
    private readonly quantumNs: number,
  ) {
    const classes = profile.sizeNs.length;
    this.requestOn = int32s(workers);
    this.classOn = int32s(workers);
    this.bornNs = float64s(workers);
    this.nextLevelNs = float64s(workers);
    this.count = int32s(classes);
    this.overdueIn = new ClassSet(profile);
    this.isOverdue = uint8s(workers);
    this.overdue = int32s(classes);
  }

  /** The caller sets {@link bornNs}. */
  start(worker: number, request: number, at: number): void {
    this.requestOn[worker] = request;
    this.classOn[worker] = at;
    this.count[at]!++;
  }

  /** The request on a worker has ended, or has been told to yield. */
  leave(worker: number): void {
    const at = this.classOn[worker]!;
    this.count[at]!--;
    if (this.isOverdue[worker] === 0) return;
    this.isOverdue[worker] = 0;
    if (--this.overdue[at]! === 0) this.overdueIn.delete(at);
  }

  /**
   * The request on a worker is overdue now, or has attained a later level: moves it to the class of `profile.servedNs`.
   * Returns whether the class is new, which changes the order of the classes.
   */
  raise(worker: number): boolean {
    const { profile, quantumNs } = this;
    const { sizeNs } = profile;
    const before = this.classOn[worker]!;
    const type = typeOf(before);
    const at = Math.max(before, type * PER_TYPE + levelOf(profile.servedNs[0]! / quantumNs));
    this.leave(worker);
    this.count[at]!++;
    this.classOn[worker] = at;
    const isNew = profile.meet(at);
    this.isOverdue[worker] = 1;
    if (this.overdue[at]!++ === 0) this.overdueIn.add(at);
    // Only a level that is less urgent is worth a look.
    const end = (type + 1) * PER_TYPE;
    let next = at + 1;
    while (next < end && sizeNs[next]! <= sizeNs[at]!) next++;
    this.nextLevelNs[worker] = next === end ? Number.POSITIVE_INFINITY : levelStart(next % PER_TYPE) * quantumNs;
    return isNew;
  }

  /** The lowest worker with an overdue request of this class; there must be one. */
  lowestOverdue(at: number): number {
    let worker = 0;
    while (this.isOverdue[worker] === 0 || this.classOn[worker] !== at) worker++;
    return worker;
  }

  /** Once the order of the classes has changed. */
  refill(): void {
    this.overdueIn.refill(this.overdue);
  }
}

/** The type of a class. */
export function typeOf(at: number): number {
  return (at / PER_TYPE) | 0;
}
