/**
 * The plans of a folder's points, `plans/KEY.json`: all that a simulated point is made from, with its workload, the
 * costs of its system and the code of its policy. So it can be run again wherever the folder is carried. A plan has the
 * form of a job of the queue and is checked as one.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { reasonOf } from '../../files/cannot-read.js';
import { makeFolder } from '../../files/folders.js';
import { writeInFolder } from '../../files/output-file.js';
import { scanTraceFile } from '../../files/trace-file.js';
import { EnvironmentError } from '../../units/errors.js';
import type { PlannedPoint } from './planned-point.js';
import { codeCarried, readKeptPlan } from './queue-messages.js';
import type { Sources } from './sources.js';

/** The folder of the plans, in that of the sweep. */
export const PLANS = 'plans';

/** Those of runs on a machine are not kept, nor those of traces that the folder does not keep. */
export function writePlan(folder: string, planned: PlannedPoint, sources?: Sources): void {
  const { key, command, spec, replications, real } = planned;
  const workload = keptWorkload(spec.workload, sources);
  if (real || !workload) return;
  const path = join(folder, PLANS, `${key}.json`);
  if (existsSync(path)) return;
  try {
    makeFolder(join(folder, PLANS));
  } catch (error) {
    throw new EnvironmentError(`${join(folder, PLANS)}: cannot be made: ${reasonOf(error)}`);
  }
  const { record: _, ...kept } = spec;
  writeInFolder(path, `${JSON.stringify({ key, command, spec: { ...kept, workload }, replications })}\n`);
}

function keptWorkload(workload: PlannedPoint['spec']['workload'], sources?: Sources) {
  if (workload.kind === 'generated') return workload;
  const { kind, path, sha256, rateScale } = workload;
  const file = sources?.find(path);
  return file === undefined || isAbsolute(file) ? undefined : { kind, file, sha256, rateScale };
}

/** Why a plan cannot be run, or the plan. */
export type ReadPlan = { readonly planned: PlannedPoint } | { readonly wrong: string };

/**
 * The plan of a point; undefined when there is none.
 *
 * @param allowPolicies run the code of a policy that the plan carries
 * @param scan reads a trace; a caller that reads many plans passes one that remembers
 */
export async function readPlan(
  folder: string,
  key: string,
  allowPolicies: boolean,
  scan = scanTraceFile,
): Promise<ReadPlan | undefined> {
  const path = join(folder, PLANS, `${key}.json`);
  if (!existsSync(path)) return undefined;
  try {
    const data: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const file = codeCarried(data);
    if (file !== undefined && !allowPolicies)
      return { wrong: `has the code of ${file}: add --allow-policies to run it` };
    return { planned: await readKeptPlan(data, key, (trace) => scan(join(folder, trace), join(folder, trace))) };
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}

/** Copies the plans that another folder does not have yet. They are checked when they are read. */
export function copyPlans(from: string, to: string): void {
  const source = join(from, PLANS);
  if (!existsSync(source)) return;
  makeFolder(join(to, PLANS));
  for (const name of readdirSync(source)) {
    if (!/^\w{1,64}\.json$/.test(name) || existsSync(join(to, PLANS, name))) continue;
    writeInFolder(join(to, PLANS, name), readFileSync(join(source, name), 'utf8'));
  }
}
