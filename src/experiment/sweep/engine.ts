/** Who runs the points of a sweep: this machine, or workers on many. */
import type { Point } from '../../results/point.js';
import type { PlannedPoint } from './point.js';

/** What a sweep wants to know while its points are run. */
export interface EngineHooks {
  /** Told of each point that is finished, once. */
  readonly onPoint: (point: Point) => void;
  /** Told of each point that could not be run, once. */
  readonly onFailure: (planned: PlannedPoint, message: string) => void;
  /** Told how much of a point is done, 0 … 1, now and then. */
  readonly onProgress: (planned: PlannedPoint, done: number) => void;
  /** Told of requests that were played since. */
  readonly onRequests: (count: number) => void;
  /** Told what a person should know: nobody takes the points, say. */
  readonly onNote: (message: string) => void;
  /** Asked before a point is begun: has another process finished it in the meantime? */
  readonly alreadyThere: (planned: PlannedPoint) => Point | undefined;
  /** Aborted: end soon, and leave what is not finished. */
  readonly signal: AbortSignal;
}

export interface Engine {
  /** Runs all points; returns when each was told of, or it was aborted. @throws EnvironmentError when none can be run */
  run(points: readonly PlannedPoint[], hooks: EngineHooks): Promise<void>;
}
