/** What psp fit found: schema `psp.fit/1`, documented in docs/your-data.md. */

export interface FittedType {
  readonly name: string;
  readonly requests: number;
  readonly family: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly intervals: Readonly<Record<string, readonly [low: number, high: number]>>;
  /** Kolmogorov-Smirnov distance; 0 for `empirical` and constants. */
  readonly distance: number;
  /** All families that were tried, the best first. */
  readonly judged: readonly { readonly family: string; readonly score: number; readonly distance: number }[];
  readonly tail: readonly {
    readonly probability: number;
    readonly sampleNs: number;
    readonly lowNs: number;
    readonly highNs: number;
    readonly fittedNs: number;
  }[];
  /** Quantiles of the sample and of the fit, ns. */
  readonly pairs: readonly (readonly [sampleNs: number, fittedNs: number])[];
}

export interface FittedArrivals {
  readonly process: 'poisson' | 'renewal' | 'mmpp2';
  /** Why nobody can know the process; it is Poisson then, as an assumption. */
  readonly assumed?: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly gapScv: number;
  readonly gapCorrelation: number;
  readonly dispersion: readonly { readonly windowNs: number; readonly index: number; readonly fitted: number }[];
}

/** p99.9 of the sojourn of all requests, of the trace and of the fitted workload, ns; null where it is not known. */
export interface FitProof {
  readonly policy: string;
  readonly load: number;
  readonly traceNs: number | null;
  readonly fittedNs: number | null;
}

export interface FitReport {
  readonly schema: 'psp.fit/1';
  readonly trace: string;
  readonly requests: number;
  readonly services: readonly FittedType[];
  readonly arrivals: FittedArrivals;
  readonly workers: number;
  readonly proof: readonly FitProof[];
}
