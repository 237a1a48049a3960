import type { MissingValue } from '../../results/outcome-schema.js';

/**
 * What a chart shows, as plain data: the same for a picture in a file and for the report page. Values are in base units
 * (ns, shares, requests per second).
 */

export interface Chart {
  readonly title: string;
  /** Sentences that say what the chart shows. */
  readonly caption?: string;
  readonly panels: readonly Panel[];
  /** Panels side by side; default: all, up to three. */
  readonly columns?: number;
}

export interface Panel {
  readonly title?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly lines?: readonly ReferenceLine[];
}

export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log';
  /** What the values are; default: numbers without a unit. */
  readonly unit?: Unit;
  /** The ends of the axis; what lies beyond is cut off. Default: those of the data, extended to the next tick. */
  readonly range?: readonly [number, number];
}

export type Unit = 'number' | 'duration' | 'rate' | 'share';

export interface Series {
  /** For the legend; equal names in several panels have one entry. */
  readonly name: string;
  /** Name in the palette; default: the name of the series. */
  readonly color?: string;
  /** Default: line, with a mark at each point. A step keeps its value until the next point. */
  readonly shape?: 'line' | 'step' | 'plain-line' | 'dots';
  /** Of measured points beside simulated ones. */
  readonly world?: 'hw';
  /** By ascending x. */
  readonly points: readonly ChartPoint[];
}

export interface ChartPoint {
  readonly x: number;
  /** Null when there is no value. */
  readonly y: number | null;
  /** 95 % confidence interval; null or absent on a side that is not bounded. */
  readonly low?: number | null;
  readonly high?: number | null;
  /** Why there is no value. The point is drawn as a cross above the plotted area. */
  readonly failed?: MissingValue;
  /** The same as a sentence. */
  readonly reason?: string;
}

/** A line across a panel at a value of one of the axes. */
export interface ReferenceLine {
  readonly axis: 'x' | 'y';
  readonly at: number;
  readonly label: string;
}
