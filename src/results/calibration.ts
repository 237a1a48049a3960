/** What a calibration measured. As a file of a system it is YAML: src/experiment/hardware/calibration-file.ts. */

/** What was measured, ns. */
export interface Measurement {
  readonly medianNs: number;
  /** 95 % confidence interval of the median, from order statistics. */
  readonly ci95Ns: readonly [number, number];
  /** Standard deviation of one measurement. */
  readonly sdNs: number;
  readonly samples: number;
  readonly source: string;
}

/** A constant of the model. */
export interface Calibrated<Field extends string> extends Measurement {
  readonly field: Field;
  /** Quantiles of single measurements, if the model lets them vary. */
  readonly quantiles?: readonly (readonly [probability: number, ns: number])[];
  /** By policy, for those that cost something else, ns. */
  readonly policies?: Readonly<Record<string, number>>;
}

/** A measurement beside the constants, with its name: `wire.reply`, `dispatcher.darc`. */
export interface NamedMeasurement extends Measurement {
  readonly name: string;
}

/** What a machine costs, as it was measured. */
export interface Calibration<Field extends string> {
  readonly dilation: number;
  readonly workload: string;
  readonly workers: number;
  readonly load: number;
  /** What the model charges. */
  readonly constants: readonly Calibrated<Field>[];
  /** What the delays of the model are made of, undilated; the model charges the whole. */
  readonly parts: readonly NamedMeasurement[];
  /** For how long threads are busy, in real time. */
  readonly work: readonly NamedMeasurement[];
}

/** What was measured then and now. */
export interface Moved {
  /** `delays.wire`, or `again.notice`. */
  readonly name: string;
  /** Does the model charge it? Then results change with it. */
  readonly charged: boolean;
  /** Undefined if the earlier file does not say. */
  readonly beforeNs: number | undefined;
  readonly now: Measurement;
  /** The intervals do not overlap, and the values differ by more than a tenth. */
  readonly moved: boolean;
}
