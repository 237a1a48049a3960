/**
 * Runs on a real machine, from a program: Linux, Debian's DPDK, and the addon that `npx psp build-native` builds.
 *
 * @module psp/hw
 */

import { readHardwareInput, refuseMissingFlows } from '../experiment/hardware/hardware-input.js';
import type { HardwareResult } from '../experiment/hardware/run-hardware.js';
import { realSpec, runPolicy } from '../experiment/hardware/run-policy.js';
import { readText } from '../experiment/plan/files.js';
import { DEFAULTS, policiesOrDefault, withDefaults } from '../experiment/plan/run-settings.js';
import { hardwarePolicy } from '../hw/dispatcher/hardware-policy.js';
import { parseHardwareConfig } from '../hw/machine/config.js';
import { examine, type MachineCheck } from '../hw/machine/examine.js';
import { builtNative, type NetForm } from '../hw/native/native.js';
import type { HardwareLive } from '../hw/run/run-pair.js';
import { allowPolicyFiles } from '../policy-files/open-policies.js';
import { parsePolicy } from '../scheduler/policy-registry.js';
import { namingArguments } from './argument-names.js';
import { checkArguments, FUNCTION, RUN_RULES, settingsOf, TEXT, TEXTS, WATCH_RULES } from './check-arguments.js';
import type { RunArguments } from './options.js';

export type { HardwareResult } from '../experiment/hardware/run-hardware.js';
export type { MachineCheck } from '../hw/machine/examine.js';
export type { NetForm } from '../hw/native/native.js';
export type { HardwareLive } from '../hw/run/run-pair.js';
export { EnvironmentError, InputError } from '../units/errors.js';

/** What to run: as in the simulator, except that times are those of this machine. */
export type HardwareArguments = Pick<
  RunArguments,
  'workers' | 'load' | 'rateRps' | 'rateScale' | 'requests' | 'durationNs' | 'seed' | 'warmup'
> & {
  /** The name of a workload, or a file. */
  readonly workload: string;
  /** As they are typed; they run one after the other. Default: `d-fcfs`, `c-fcfs`, `ts`, `darc`. */
  readonly policies?: readonly string[];
  /** Stretch all times by this factor, 1 to a million; `auto` (default) from the number of cores. */
  readonly dilate?: number | 'auto';
  /** Who polls the network: a thread of its own, or the dispatcher. Default: the dispatcher where cores are short. */
  readonly poll?: NetForm;
  /** When aborted, both ends are stopped and the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told about once a second how the run goes. */
  readonly onProgress?: (live: HardwareLive) => void;
  /** Told in a line what was chosen. */
  readonly onNote?: (line: string) => void;
};

const { systems: _, replications: __, precision: ___, maxReplications: ____, sliceNs: _____, ...RUN } = RUN_RULES;
const RULES = {
  ...RUN,
  ...WATCH_RULES,
  workload: TEXT,
  policies: TEXTS,
  onNote: FUNCTION,
  poll: { expected: "'inline' or 'thread'", fits: (x: unknown) => x === 'inline' || x === 'thread' },
  dilate: {
    expected: "'auto' or a number from 1 to 1000000",
    fits: (x: unknown) => x === 'auto' || (typeof x === 'number' && x >= 1 && x <= 1e6),
  },
};

/**
 * Runs policies on this machine, with server and load generator joined by memif, as `psp run --hw` does.
 *
 * @returns one result per policy, in their order
 * @throws InputError when an argument is wrong, or a policy cannot exist on a real machine; nothing has run then
 * @throws EnvironmentError when the addon is not built, or the machine cannot do the run
 */
export function run(options: HardwareArguments): Promise<HardwareResult[]> {
  return namingArguments(() => runNow(options));
}

async function runNow(options: HardwareArguments): Promise<HardwareResult[]> {
  const checked = checkArguments(options, RULES, ['workload']) as unknown as HardwareArguments;
  const { signal, onProgress, onNote, dilate = 'auto', poll, policies: asked, ...fields } = checked;
  allowPolicyFiles();
  const { workload: _, ...settings } = settingsOf(fields);
  const input = await readHardwareInput(checked);
  const policies = policiesOrDefault({ ...(asked && { policies: asked }) })!.map((text) => parsePolicy(text));
  for (const policy of policies) {
    hardwarePolicy(policy);
    refuseMissingFlows(policy, input);
  }
  const { workers, seed, warmup = DEFAULTS.warmup } = withDefaults(settings);
  const results: HardwareResult[] = [];
  for (const policy of policies) {
    signal?.throwIfAborted();
    const spec = realSpec(input, policy, { ...settings, workers, seed, dilate, ...(poll && { net: poll }) });
    const hooks = { ...(signal && { signal }), ...(onProgress && { onProgress }), ...(onNote && { onNote }) };
    results.push((await runPolicy(spec, { warmup, isPolicyKnown: true }, hooks)).result);
  }
  signal?.throwIfAborted();
  return results;
}

/**
 * Checks this machine for a run on DPDK and changes nothing.
 *
 * @param options the file of a configuration, for a run between two machines
 * @throws InputError when the configuration is wrong
 */
export function doctor(options: { readonly config?: string } = {}): MachineCheck[] {
  const { config } = checkArguments(options, { config: TEXT }, []) as { readonly config?: string };
  return examine({
    addon: builtNative(),
    ...(config !== undefined && { config: parseHardwareConfig(readText(config), config) }),
  });
}
