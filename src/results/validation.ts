/** The schema psp.validation/1: the simulator beside queueing theory. */

export interface Validation {
  readonly schema: 'psp.validation/1';
  readonly seed: string;
  readonly replications: number;
  readonly checks: readonly ValidationCheck[];
}

/** A quantity that theory knows, and what the simulator makes of it. */
export interface ValidationCheck {
  readonly case: string;
  readonly what: string;
  readonly unit: 'ns' | 'ratio';
  readonly theory: number;
  /** How far the simulated system may be from the theory's, beside chance. */
  readonly slack: number;
  readonly simulated: number;
  /** Half of the confidence interval. */
  readonly halfWidth: number;
  /** `imprecise`: the interval is too wide to say anything. Only `ok` is a yes. */
  readonly verdict: 'ok' | 'miss' | 'imprecise';
}
