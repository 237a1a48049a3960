/** Which part of a run is drawn: a short one at once, so that the page follows a slider, and a later one after it. */

import { fieldOf } from '../scheduler/policy.js';
import { describePolicy, parsePolicy } from '../scheduler/policy-registry.js';
import type { LabRun } from './lab-run.js';
import { isMine } from './lab-state.js';
import type { RecordedPart } from './record-run.js';

/** DARC has reserved by then: its profiling window is 50000 completions. */
const WHOLE: RecordedPart = { skip: 60_000, count: 6000 };
/** Simulated in some 20 ms. */
const FIRST: RecordedPart = { skip: 3000, count: 1200 };
/** Of the requests, where there are fewer. */
const SKIPPED_SHARE = 0.4;
/** Of the requests before the first look, so that a policy that profiles has reserved by then. */
const PROFILED_SHARE = 0.6;

export function recordedPart(run: LabRun): RecordedPart {
  return within(WHOLE, run);
}

/** The run of the first look, and its part. Policies that profile for longer than it do so for a part of it. */
export function firstLook(run: LabRun): { readonly run: LabRun; readonly part: RecordedPart } {
  const part = within(FIRST, run);
  const [first, second] = run.policies;
  const most = Math.floor(part.skip * PROFILED_SHARE);
  return { run: { ...run, policies: [profilingFor(first, most), profilingFor(second, most)] }, part };
}

function within({ skip: most, count }: RecordedPart, { requests }: LabRun): RecordedPart {
  const skip = Math.min(most, Math.floor(requests * SKIPPED_SHARE));
  return { skip, count: Math.min(count, requests - skip) };
}

function profilingFor(text: string, most: number): string {
  if (isMine(text)) return text;
  try {
    const chosen = parsePolicy(text);
    const spec = chosen.policy.parameters.find(({ key, kind }) => key === 'window' && kind === 'integer');
    if (!spec || Number(chosen.parameters[fieldOf(spec)]) <= most) return text;
    return describePolicy({ ...chosen, parameters: { ...chosen.parameters, [fieldOf(spec)]: most } });
  } catch {
    // Planning the run says what is wrong with it.
    return text;
  }
}
