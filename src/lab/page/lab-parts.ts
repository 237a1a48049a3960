import type { LabData } from '../lab-html.js';
import type { LabState } from '../lab-state.js';
import type { Signal } from '../signals.js';
import type { LabComparison } from './lab-comparison.js';

/** What the parts of the page share. */
export interface Lab {
  readonly data: LabData;
  readonly state: Signal<LabState>;
  readonly comparison: LabComparison;
  readonly change: (by: Partial<LabState>) => void;
  /** A part of the state as a value of its own. */
  readonly part: <K extends keyof LabState>(key: K) => Signal<LabState[K]>;
  readonly yaml: Signal<string>;
}
