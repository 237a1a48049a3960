/** From a trace to a fitted workload: one pass, in constant memory. */

import { fileBytes } from '../../files/trace-file.js';
import { Histogram } from '../../metrics/histogram.js';
import { RequestBatch } from '../../workload/request-source.js';
import type { TraceSummary } from '../../workload/trace.js';
import { openTrace } from '../../workload/trace.js';
import { empiricalYaml, type MeasuredType, workloadYaml } from '../import/workload-yaml.js';
import { ArrivalSample } from './arrival-sample.js';
import type { ArrivalsFit } from './fit-arrivals.js';
import { fitService, type ServiceFit } from './fit-service.js';

/** Demands of each type that are kept: enough for a p99.9. */
const KEPT = 20_000;

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
  const sample = new ArrivalSample(lastArrivalNs - firstArrivalNs, requests);
  const source = openTrace(fileBytes(path, fileName), summary);
  const batch = new RequestBatch();
  for (;;) {
    await source.fill(batch);
    if (batch.length === 0) break;
    for (let i = 0; i < batch.length; i++) {
      const [arrival, demand, type] = [batch.arrivalNs[i]!, batch.serviceNs[i]!, batch.type[i]!];
      (measured[type]!.demands as Histogram).record(demand);
      samples[type]!.add(demand);
      sample.add(arrival);
    }
  }
  const services = types.map((type, k) => ({
    name: type.name,
    requests: type.count,
    ...fitService(samples[k]!.values),
  }));
  const arrivals = sample.fit();
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
