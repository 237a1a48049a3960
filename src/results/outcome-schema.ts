/** What a run says of its policy. Decided in one place, src/metrics/outcome.ts; everything else shows it. */

/**
 * - `ok`: its sojourns are values.
 * - `unstable`: more work comes than is done, so sojourns grow with the length of the run.
 * - `saturated`: a bounded queue drops, so sojourns are bounded by the length of that queue.
 * - `lost`: requests never came out.
 * - `failed`: nothing was finished that could be measured, or the run itself could not be done.
 */
export const OUTCOMES = ['ok', 'unstable', 'saturated', 'lost', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why a point has no sojourns. */
export type MissingValue = Exclude<Outcome, 'ok'>;

export interface Judged {
  readonly outcome: Outcome;
  /**
   * Why, as a sentence. With `ok` it is a doubt: the run may be unstable, but is too short to tell. Absent when there
   * is nothing to say.
   */
  readonly reason?: string;
}

/** Why the sojourns of a run do not count; undefined when they do. */
export function failureOf({ outcome }: Pick<Judged, 'outcome'>): MissingValue | undefined {
  return outcome === 'ok' ? undefined : outcome;
}
