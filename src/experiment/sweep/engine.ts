/** Where the points of a sweep run: on this machine, or on workers of many. */

import type { Point } from '../../results/point.js';
import type { PlannedPoint } from './planned-point.js';

/** What an engine reports to a sweep while the points run. */
export interface EngineHooks {
  /** Called once for each finished point. */
  readonly onPoint: (point: Point) => void;
  /** Called once for each point that could not be run. */
  readonly onFailure: (planned: PlannedPoint, message: string) => void;
  /** Called now and then with the share of a point that is done, 0 … 1. */
  readonly onProgress: (planned: PlannedPoint, done: number) => void;
  /** Called with the number of requests played since the last call. */
  readonly onRequests: (count: number) => void;
  /** Called with what a person should know, such as that no worker takes the points. */
  readonly onNote: (message: string) => void;
  /** Has another process finished the point in the meantime? The engine asks before it begins one. */
  readonly alreadyThere: (planned: PlannedPoint) => Point | undefined;
  /** When aborted, the engine ends soon and leaves what is not finished. */
  readonly signal: AbortSignal;
}

export interface Engine {
  /**
   * Runs all points; returns when each was reported, or the signal is aborted. @throws EnvironmentError when none can
   * be run
   */
  run(points: readonly PlannedPoint[], hooks: EngineHooks): Promise<void>;
}
