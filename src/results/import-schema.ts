/** What psp import found in a log: schema `psp.import/1`, documented in docs/your-data.md. */

export interface TypeProfile {
  readonly name: string;
  readonly requests: number;
  /** Share of the requests, and of the work. */
  readonly share: number;
  readonly work: number;
  readonly meanNs: number;
  /** Squared coefficient of variation. */
  readonly scv: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly minNs: number;
  readonly maxNs: number;
}

export interface Profile {
  readonly requests: number;
  /** Between the first and the last arrival. */
  readonly spanNs: number;
  readonly rateRps: number;
  /** Workers that the work keeps busy. */
  readonly busyWorkers: number;
  readonly types: readonly TypeProfile[];
  /** Mean of all demands. */
  readonly meanNs: number;
  /** Squared coefficient of variation of the gaps between arrivals, and the correlation of neighbours. */
  readonly gapScv: number;
  readonly gapCorrelation: number;
  /** Index of dispersion of the counts in windows of a length: 1 for Poisson. */
  readonly dispersion: readonly { readonly windowNs: number; readonly index: number; readonly windows: number }[];
  /** Equal parts of the time: requests per second and mean demand; null where nothing came. */
  readonly parts: readonly { readonly fromNs: number; readonly rateRps: number; readonly meanNs: number | null }[];
}

/** How demands were found. */
export interface Evidence {
  readonly workers: number;
  /** `fcfs`: each by itself. `quiet`: those that did not wait show the demands of the others. */
  readonly method: 'fcfs' | 'quiet';
  readonly requests: number;
  /** Requests that completed before a worker would have been free for them, under first come, first served. */
  readonly contradictions: number;
  /** Requests that came while a worker was free. */
  readonly quiet: number;
  /** The fewest workers that the log does not contradict; undefined when none of those that were tried. */
  readonly fittingWorkers?: number;
}

/** Logged response times beside those of the trace, simulated on the system as it was. */
export interface SelfCheck {
  readonly policy: string;
  readonly workers: number;
  readonly rows: readonly {
    readonly statistic: 'p50' | 'p99' | 'p99.9';
    readonly loggedNs: number;
    readonly simulatedNs: number | null;
  }[];
  /** The likely reason, where they differ by more than a tenth. */
  readonly warning?: string;
}

export interface ImportReport {
  readonly schema: 'psp.import/1';
  readonly file: string;
  /** The format of the file, such as `csv` or `nginx`. */
  readonly format: string;
  /** The command that does the same again. */
  readonly command: string;
  /** Rows that were read, and that were passed over. */
  readonly rows: number;
  readonly unreadable: number;
  readonly skipped: number;
  /** What was taken for granted, and what a reader should know. */
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
  /** Absent where only distributions are known. */
  readonly profile?: Profile;
  readonly evidence?: Evidence;
  readonly selfCheck?: SelfCheck;
}
