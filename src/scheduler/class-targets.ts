import { float64s } from '../units/arrays.js';
import { typeOf } from './running-requests.js';
import type { TypeInfo } from './scheduler.js';
import type { SizeProfile } from './size-profile.js';

/** How long the requests of each class may wait: as the workload states for their type, or by their learned size. */
export class ClassTargets {
  /** By class: time from an arrival to the deadline, ns. */
  readonly allowedNs: Float64Array;
  /** By class: what a wait is compared with, ns: its size, or {@link statedUnitNs}. */
  readonly unitNs: Float64Array;
  /** By type: the size of requests to which the stated deadline or SLO would belong, ns; 0 where none is stated. */
  readonly statedUnitNs: Float64Array;
  private readonly statedNs: Float64Array;

  /** @param target deadline as a multiple of the size, where none is stated */
  constructor(
    private readonly profile: SizeProfile,
    types: readonly TypeInfo[],
    private readonly target: number,
  ) {
    this.statedNs = float64s(profile.types);
    this.statedNs.set(types.map(({ deadlineNs, sloNs }) => deadlineNs ?? sloNs ?? 0));
    this.statedUnitNs = float64s(profile.types);
    if (target > 0) this.statedUnitNs.set(this.statedNs.map((ns) => ns / target));
    this.allowedNs = float64s(profile.sizeNs.length);
    this.unitNs = float64s(profile.sizeNs.length);
    this.refresh();
  }

  /** Once sizes have changed. */
  refresh(): void {
    const { statedNs, statedUnitNs, allowedNs, unitNs, target } = this;
    const { sizeNs } = this.profile;
    for (let at = 0; at < sizeNs.length; at++) {
      const type = typeOf(at);
      allowedNs[at] = statedNs[type]! > 0 ? statedNs[type]! : target * sizeNs[at]!;
      unitNs[at] = statedUnitNs[type]! > 0 ? statedUnitNs[type]! : sizeNs[at]!;
    }
  }
}
