/**
 * The simulator without Node, for a page or its worker: policies by name or as objects, workloads as text. A run keeps
 * its thread busy, so a page calls this in a worker.
 *
 * @module psp/browser
 */

import { openGenerated } from '../experiment/plan/open-generated.js';
import { planInput } from '../experiment/plan/plan-input.js';
import { generatedInput } from '../experiment/plan/run-input.js';
import { withDefaults } from '../experiment/plan/run-settings.js';
import type { GeneratedWorkload, RunSpec } from '../experiment/plan/run-spec.js';
import { createPlainThread } from '../experiment/run/plain-thread.js';
import { controlFor, replicate } from '../experiment/run/replicate.js';
import type { Result } from '../results/result.js';
import { parsePolicy } from '../scheduler/policy-registry.js';
import { parseWorkload } from '../workload/parse-workload.js';
import type { Workload } from '../workload/workload.js';
import { checkArguments, RUN_RULES, settingsOf, WATCH_RULES } from './check-arguments.js';
import type { RunArguments, WatchArguments } from './options.js';
import { watchControl } from './watch-control.js';

export type { Policy } from '../scheduler/policy.js';
export { policies } from '../scheduler/policy-registry.js';
export { InputError } from '../units/errors.js';
export { parseWorkload } from '../workload/parse-workload.js';
export type { PolicyChoice, PolicyWithParameters, RunArguments, WantedPrecision, WatchArguments } from './options.js';

/** As in Node, but there are no files: the workload is the text of one, and nothing has the costs of a system. */
export type BrowserArguments = Omit<RunArguments, 'workload' | 'systems' | 'rateScale'> &
  WatchArguments & {
    /** The text of a workload file, or what `parseWorkload` returns. */
    readonly workload: string | Workload;
  };

/** A result without its manifest: only psp's own files know version, commit and the hashes of code. */
export type BrowserResult = Omit<Result, 'manifest'>;

const {
  systems: _,
  rateScale: __,
  ...RULES
} = {
  ...RUN_RULES,
  ...WATCH_RULES,
  workload: { ...RUN_RULES.workload, expected: 'the text of a workload file, or what parseWorkload returns' },
};

/**
 * Simulates policies on the same requests, one run after the other. Results have the digests of those in Node.
 *
 * @returns one result per policy, in their order
 * @throws InputError when an argument, the workload or a policy is wrong; nothing has run then
 */
async function simulateHere(options: BrowserArguments): Promise<BrowserResult[]> {
  const { signal, onProgress, ...fields } = checkArguments(options, RULES, ['workload']) as WatchArguments &
    Record<string, unknown>;
  const settings = withDefaults(settingsOf(fields));
  const { workload: given, policies = [] } = settings;
  const workload = typeof given === 'string' ? parseWorkload(given, 'workload') : given;
  const { specs, replications } = planInput(
    settings,
    generatedInput(workload, settings, settings.workers),
    policies.map((policy) => ({ policy: typeof policy === 'string' ? parsePolicy(policy) : policy })),
    open,
  );
  const control = controlFor(specs, replications);
  const unwatch = watchControl(control, { signal, onProgress });
  try {
    const all = await replicate(specs, replications, { control }, createPlainThread(open), () => '');
    signal?.throwIfAborted();
    return all.map(({ result }) => {
      const { manifest: _, ...rest } = result!;
      return rest;
    });
  } finally {
    unwatch();
  }
}

export { simulateHere as simulate };

function open(spec: RunSpec) {
  return openGenerated(spec, spec.workload as GeneratedWorkload);
}
