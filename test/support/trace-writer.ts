import { quoted } from '../../src/units/lists.js';
import type { RequestBatch } from '../../src/workload/request-source.js';

/** The header line of a trace file. */
export function traceHeader(flows = false): string {
  return flows ? 'arrival_ns,type,service_ns,flow\n' : 'arrival_ns,type,service_ns\n';
}

/** The lines of a batch, as scanTrace and openTrace read them. */
export function traceLines(
  { length, arrivalNs, serviceNs, type, flow }: RequestBatch,
  typeNames: readonly string[],
  flows = false,
): string {
  const names = typeNames.map((name) => quoted(name));
  let text = '';
  for (let i = 0; i < length; i++) {
    text += `${arrivalNs[i]},${names[type[i]!]},${serviceNs[i]}${flows ? `,${flow[i]}` : ''}\n`;
  }
  return text;
}
