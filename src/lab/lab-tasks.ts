/** What the page asks of its workers. */

import type { RunSpec } from '../experiment/plan/run-spec.js';
import { playRun, playWarmUp } from '../experiment/run/play-run.js';
import type { Answers } from '../experiment/run/thread-pool.js';
import type { ParameterSpec } from '../scheduler/policy.js';
import { createSimulationStock } from '../sim/simulation-setup.js';
import { type LabRun, openLab, planLab } from './lab-run.js';
import { isMine } from './lab-state.js';
import { lineIn } from './policy-of-code.js';
import { type RecordedPart, type RunRecording, recordRun } from './record-run.js';

interface OfRun {
  readonly run: LabRun;
  /** Which of the two policies. */
  readonly index: number;
}

export type LabTask = OfRun &
  (
    | { readonly task: 'record'; readonly part: RecordedPart }
    | { readonly task: 'seek' | 'measure'; readonly warmup: RunSpec['warmup']; readonly replication: number }
  );

/** A recording, and what the plan of the run says. */
export interface RecordedPolicy extends RunRecording {
  readonly warmup: RunSpec['warmup'];
  readonly notes: readonly string[];
  /** Parameters of the policy, for its controls. */
  readonly parameters: readonly ParameterSpec[];
}

export interface LabAnswers extends Answers {
  record: RecordedPolicy;
}

export interface LabFailure {
  readonly message: string;
  /** Line of the editor, from 1. */
  readonly line?: number;
  /** Did psp find it, or did the code of the editor throw it? */
  readonly isInput: boolean;
}

const stock = createSimulationStock();
let planned: { readonly key: string; readonly specs: readonly RunSpec[] } | undefined;

function specOf({ run, index }: OfRun): RunSpec {
  const key = JSON.stringify(run);
  if (planned?.key !== key) planned = { key, specs: planLab(run).specs };
  return planned.specs[index]!;
}

/** @throws InputError; whatever a policy of the editor throws */
export async function doLabTask(given: LabTask): Promise<LabAnswers[keyof LabAnswers]> {
  const spec = specOf(given);
  if (given.task === 'record') {
    const { parameters } = spec.policy.policy;
    const workload = openLab(spec);
    const recorded = recordRun(spec, workload, given.part, isMine(spec.policy.text));
    return { ...recorded, warmup: spec.warmup, notes: workload.notes, parameters };
  }
  const asked = { ...spec, warmup: given.warmup, replication: given.replication };
  const hooks = isMine(spec.policy.text) ? {} : { stock };
  if (given.task === 'seek') return playWarmUp(asked, openLab(asked), hooks);
  const { identity, record } = await playRun(asked, openLab, hooks);
  return { identity, record, manifest: NOWHERE };
}

/** The page knows its version itself. */
const NOWHERE = { version: '', commit: null, node: '', cpu: '', configHash: '', startedAt: '', wallSeconds: 0 };

export function failureOfTask(error: unknown): LabFailure {
  if (!(error instanceof Error)) return { message: String(error), isInput: false };
  const line = lineIn(error.stack);
  const isInput = error.name === 'InputError';
  return { message: isInput ? error.message : `${error.name}: ${error.message}`, isInput, ...(line && { line }) };
}
