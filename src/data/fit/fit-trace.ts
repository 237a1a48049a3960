/** From a trace to a fitted workload: one pass, in constant memory. */

import { fileBytes } from '../../files/trace-file.js';
import { Histogram } from '../../metrics/histogram.js';
import { RequestBatch } from '../../workload/request-source.js';
import type { TraceSummary } from '../../workload/trace.js';
import { openTrace } from '../../workload/trace.js';
import { empiricalYaml, type MeasuredType, workloadYaml } from '../import/workload-yaml.js';
import { type ArrivalsFit, type CountMoments, fitArrivals } from './fit-arrivals.js';
import { fitService, type ServiceFit } from './fit-service.js';

/** Demands of each type, and gaps, that are kept: enough for a p99.9. */
const KEPT = 20_000;
/** Windows in which arrivals are counted: from two mean gaps on, each twice as long, while there are so many. */
const LEAST_WINDOWS = 30;
const MOST_LENGTHS = 24;

export interface TraceFit {
  readonly services: readonly (ServiceFit & { readonly name: string; readonly requests: number })[];
  readonly arrivals: ArrivalsFit;
  /** The workload as YAML. */
  readonly yaml: string;
}

/**
 * Fits every type's demands and the arrivals of a trace file.
 *
 * @param summary of the trace, which has been checked
 * @param name of the workload
 * @throws InputError when the file cannot be read
 */
export async function fitTrace(path: string, summary: TraceSummary, name: string): Promise<TraceFit> {
  const { fileName, types, requests, firstArrivalNs, lastArrivalNs } = summary;
  const measured: MeasuredType[] = types.map((type) => ({ ...type, requests: type.count, demands: new Histogram() }));
  const samples = types.map(() => new Sample());
  const gaps: number[] = [];
  const counters = countersOf((lastArrivalNs - firstArrivalNs) / Math.max(1, requests - 1), requests);
  const source = openTrace(fileBytes(path, fileName), summary);
  const batch = new RequestBatch();
  let lastNs = Number.NaN;
  let firstNs = Number.NaN;
  for (;;) {
    await source.fill(batch);
    if (batch.length === 0) break;
    for (let i = 0; i < batch.length; i++) {
      const [arrival, demand, type] = [batch.arrivalNs[i]!, batch.serviceNs[i]!, batch.type[i]!];
      (measured[type]!.demands as Histogram).record(demand);
      samples[type]!.add(demand);
      if (Number.isNaN(firstNs)) firstNs = arrival;
      else if (gaps.length < KEPT) gaps.push(arrival - lastNs);
      lastNs = arrival;
      for (const counter of counters) counter.add(arrival - firstNs);
    }
  }
  const services = types.map((type, k) => ({
    name: type.name,
    requests: type.count,
    ...fitService(samples[k]!.values),
  }));
  const arrivals = fitArrivals(
    gaps,
    counters.map((counter) => counter.moments()),
  );
  const yaml = workloadYaml(
    name,
    `fitted to ${fileName}`,
    measured,
    arrivals.yaml,
    services.map((service, k) => service.yaml ?? empiricalYaml(measured[k]!.demands, '      ')),
  );
  return { services, arrivals, yaml };
}

/** Values of equal distance in a stream of unknown length: when it is full, every second one is dropped. */
class Sample {
  values: number[] = [];
  private every = 1;
  private seen = 0;

  add(value: number): void {
    if (this.seen++ % this.every !== 0) return;
    this.values.push(value);
    if (this.values.length < 2 * KEPT) return;
    this.values = this.values.filter((_, i) => i % 2 === 0);
    this.every *= 2;
  }
}

/** Counts of arrivals in windows of one length. */
class Counter {
  private index = 0;
  private count = 0;
  private windows = 0;
  private readonly sums = [0, 0, 0];

  constructor(private readonly windowNs: number) {}

  add(atNs: number): void {
    const index = Math.floor(atNs / this.windowNs);
    if (index > this.index) {
      const { count, sums } = this;
      sums[0]! += count;
      sums[1]! += count ** 2;
      sums[2]! += count ** 3;
      this.windows += index - this.index;
      this.count = 0;
      this.index = index;
    }
    this.count++;
  }

  moments(): CountMoments {
    const { windows, windowNs } = this;
    const [one, two, three] = this.sums.map((sum) => sum / windows) as [number, number, number];
    return { windowNs, windows, mean: one, variance: two - one ** 2, third: three - 3 * one * two + 2 * one ** 3 };
  }
}

function countersOf(gapNs: number, requests: number): Counter[] {
  const counters: Counter[] = [];
  for (let gaps = 2; counters.length < MOST_LENGTHS && requests / gaps >= LEAST_WINDOWS && gapNs > 0; gaps *= 2) {
    counters.push(new Counter(gaps * gapNs));
  }
  return counters;
}
