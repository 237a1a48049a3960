/** The schema psp.validation/1: the simulator beside queueing theory. */

export interface Validation {
  readonly schema: 'psp.validation/1';
  readonly seed: string;
  readonly replications: number;
  readonly checks: readonly ValidationCheck[];
}

/** A quantity by theory and as simulated. */
export interface ValidationCheck {
  readonly case: string;
  readonly what: string;
  readonly unit: 'ns' | 'ratio';
  readonly theory: number;
  /** How far the simulated system may differ from that of the theory, beside chance. */
  readonly slack: number;
  readonly simulated: number;
  /** Half of the confidence interval. */
  readonly halfWidth: number;
  /** `imprecise`: the interval is too wide to decide. */
  readonly verdict: 'ok' | 'miss' | 'imprecise';
}
