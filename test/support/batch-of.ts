import type { SmallTrace } from '../../src/check/small-trace.js';
import { RequestBatch } from '../../src/workload/request-source.js';

/** The whole trace as one batch. */
export function batchOf(trace: SmallTrace): RequestBatch {
  const batch = new RequestBatch(trace.arrivalNs.length);
  batch.arrivalNs.set(trace.arrivalNs);
  batch.serviceNs.set(trace.serviceNs);
  batch.type.set(trace.type);
  batch.flow.set(trace.flow);
  batch.length = trace.arrivalNs.length;
  return batch;
}
