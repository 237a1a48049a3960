/** The schema psp.events/2: the header of an event file. docs/replay.md describes it. */

/** All that is needed to repeat the run. */
export interface EventFileHeader {
  readonly schema: 'psp.events/2';
  readonly world: 'sim' | 'hw';
  /** The policy as it is typed. */
  readonly policy: string;
  /** Its parameters as the scheduler got them (stretched in a dilated run). */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** The SHA-256 of the policy's code, and its file if it is not one of psp's own; absent in older files. */
  readonly policyCode?: { readonly sha256: string; readonly file?: string };
  readonly workload: string;
  readonly workers: number;
  readonly types: readonly { readonly name: string; readonly deadlineNs?: number; readonly sloNs?: number }[];
  /** The seed of the scheduler's random numbers. */
  readonly seed: string;
  readonly replication: number;
  readonly trueProfile?: { readonly meanNs: readonly number[]; readonly ratio: readonly number[] };
  /** What the scheduler was told of the hand-off of a request. */
  readonly handoffNs?: number;
  /** All times are stretched by this factor. */
  readonly dilation: number;
}
