/** One comparison of two policies as plain data: what goes to the workers of the page, and what they make of it. */

import { type OpenWorkload, openGenerated } from '../experiment/plan/open-generated.js';
import { type Plan, planInput } from '../experiment/plan/plan-input.js';
import { generatedInput } from '../experiment/plan/run-input.js';
import { withDefaults } from '../experiment/plan/run-settings.js';
import type { GeneratedWorkload, RunSpec } from '../experiment/plan/run-spec.js';
import { parsePolicy } from '../scheduler/policy-registry.js';
import { parseSystem } from '../sim/parse-system.js';
import { parseWorkload } from '../workload/parse-workload.js';
import { MINE } from './lab-state.js';
import { policyOfCode } from './policy-of-code.js';

/** A file that comes with psp, or that was changed in the page. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

export interface LabRun {
  readonly workload: NamedText;
  readonly policies: readonly [string, string];
  readonly system: NamedText | undefined;
  readonly load: number;
  readonly workers: number;
  readonly seed: string;
  readonly requests: number;
  /** JavaScript of the policy of the editor. */
  readonly code: string;
}

/** @throws InputError when something in it is wrong */
export function planLab(run: LabRun): Plan {
  const { workload: file, system: systemFile, policies, code, load, workers, seed, requests } = run;
  const workload = parseWorkload(file.text, `${file.name}.yaml`);
  const settings = withDefaults({ workload, policies, load, workers, seed, requests });
  const system = systemFile && parseSystem(systemFile.text, `${systemFile.name}.yaml`);
  const contenders = policies.map((policy) => ({
    policy: parsePolicy(policy, () => ({
      code: { file: MINE, sha256: code, text: code },
      policies: [policyOfCode(code)],
    })),
    ...(system && { system: { name: system.name, costs: system.costs } }),
  }));
  return planInput(settings, generatedInput(workload, settings, workers), contenders, openLab);
}

export function openLab(spec: RunSpec): OpenWorkload {
  return openGenerated(spec, spec.workload as GeneratedWorkload);
}
