/** Logs of known truth, and importing them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Imported,
  type ImportOptions,
  type Log,
  readLog,
  readSample,
  understand,
  writeImport,
} from '../../src/data/import/import-log.js';
import { openWorkload } from '../../src/experiment/plan/open-workload.js';
import { planRuns } from '../../src/experiment/plan/plan.js';
import { runRaw } from '../../src/experiment/run/run-simulation.js';
import { readTrace } from '../../src/hw/client/planned-trace.js';
import { typeNames } from '../../src/units/unknown.js';

export const DEFAULTS: ImportOptions = { columns: {}, typesMax: 12, unreadableMax: 0.01 };

/** What a real service of this policy would have logged: arrival, type and response of each request, and its demand. */
export async function simulatedLog(workload: string, policy: string, workers: number, load: number, requests: number) {
  const { specs } = await planRuns({ workload, policies: [policy], workers, load, requests, warmup: 0 });
  const spec = specs[0]!;
  const opened = openWorkload(spec);
  const trace = await readTrace(opened.source({ flows: true }));
  const sojournsNs = new Float64Array(trace.length);
  await runRaw(spec, { sojournsNs });
  return { ...trace, names: typeNames(opened), sojournsNs };
}

/** Imports a file as psp import does. */
export async function importFile(
  path: string,
  options: Partial<ImportOptions> & { readonly isService: boolean; readonly folder: string },
): Promise<Imported & { readonly log: Log }> {
  const all = { ...DEFAULTS, ...options };
  const log = await readLog(path, 'the.log', understand(await readSample(path, 'the.log'), 'the.log', all), all);
  try {
    const written = await writeImport(log, join(options.folder, 'trace.csv.gz'), options.isService, options.workers);
    return { ...written, log };
  } finally {
    log.collector.store.close();
  }
}

/** The first rows of a text as they are understood: time since the first, type and duration, ns. */
export async function rowsOf(text: string | Uint8Array, folder: string, options: Partial<ImportOptions> = {}) {
  const path = join(folder, 'rows.log');
  writeFileSync(path, text);
  const all = { ...DEFAULTS, ...options };
  const understood = understand(await readSample(path, 'the.log'), 'the.log', all);
  const log = await readLog(path, 'the.log', understood, all);
  const rows: [number, string, number][] = [];
  for (const { length, arrivalNs, durationNs, type } of log.collector.store.read()) {
    for (let i = 0; i < length; i++) {
      rows.push([arrivalNs[i]! - log.firstNs, log.types[log.typeOf[type[i]!]!]!, durationNs[i]!]);
    }
  }
  log.collector.store.close();
  return { kind: understood.kind.name, columns: understood.columns, rows, log };
}
