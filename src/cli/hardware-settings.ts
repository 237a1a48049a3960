/** What `psp run --hw`, `psp serve` and `psp load` have in common: their options, and how they read a workload. */

import { type Command, Option } from 'commander';
import { type HardwareInput, hardwareNotes, readHardwareInput } from '../experiment/hardware/hardware-input.js';
import type { HardwareResult } from '../experiment/hardware/run-hardware.js';
import { readText } from '../experiment/plan/files.js';
import { DEFAULTS, withDefaults } from '../experiment/plan/run-settings.js';
import { type HardwareConfig, parseHardwareConfig } from '../hw/machine/config.js';
import { wrap } from '../report/text/table.js';
import { thrownAway } from '../results/hardware-fields.js';
import { parsePolicy, type TypedPolicy } from '../scheduler/policy-registry.js';
import { InputError } from '../units/errors.js';
import { tellNotes } from './failure.js';
import { addSettings, checkConflict, missingWorkload } from './setting-options.js';
import { asInput, type SimSettings } from './settings.js';

/** Where a run on a machine differs from a simulated one. */
const HELPS: Readonly<Record<string, string>> = {
  warmup: `share of the run that is not measured (default: ${DEFAULTS.warmup})`,
};

/** Adds the options that a run on a machine shares with `psp sim`. */
export function addHardwareSettings(
  command: Command,
  keys: readonly string[],
  helps: Readonly<Record<string, string>> = {},
): void {
  addSettings(command, keys, { ...HELPS, ...helps });
}

/** @throws InputError */
export async function inputOf(settings: SimSettings): Promise<HardwareInput> {
  const { workload } = settings;
  if (workload === undefined) throw missingWorkload();
  checkConflict(settings);
  const input = await readHardwareInput({ ...settings, workload });
  tellNotes(hardwareNotes(input));
  return input;
}

/** The settings of a run on a machine, with their defaults. */
export function hardwareDefaults<S extends SimSettings>(settings: S, config?: HardwareConfig) {
  const workers = settings.workers ?? config?.server?.workers;
  const { warmup = DEFAULTS.warmup } = settings;
  return { ...withDefaults({ ...settings, ...(workers !== undefined && { workers }) }), warmup };
}

/** @throws InputError when it cannot be read or is wrong */
export function readHardwareConfig(path: string): HardwareConfig {
  return parseHardwareConfig(readText(path), path);
}

/** @throws InputError */
export function onePolicy(settings: SimSettings): TypedPolicy {
  const policies = settings.policies ?? ['c-fcfs'];
  if (policies.length !== 1) throw new InputError(`--policy: expected one policy, found ${policies.length}`);
  return parsePolicy(policies[0]!);
}

/** The lines below the table of a load generator that runs alone. */
export const SERVER_UNKNOWN =
  'The figures are those of the load generator. Only the server knows its policy,\nits utilisation and its drops.\n';

/** The lines that close a run: what was lost and late, and the load generator's last line. */
export function closingLines({ lost, late, closingLine }: HardwareResult, width: number, before = ''): string {
  return `${wrap(`${before}lost ${lost}, late ${late}. ${closingLine}`, width).join('\n')}\n`;
}

/** The message about a server that was not there to the end. */
export function serverGone({
  completed,
  failure,
  discarded,
}: Pick<HardwareResult, 'completed' | 'failure' | 'discarded'>): string {
  if (failure !== undefined) {
    return `the server went away during the run (${failure}); the figures cover what it had answered by then`;
  }
  const away = thrownAway(discarded);
  if (completed === 0 && away !== '') return `nothing that came back was an answer of the server${away}`;
  return completed === 0
    ? 'the server answered nothing: is it running, and does it listen at that address and port?'
    : 'the server went away during the run; the figures cover what it had answered by then';
}

/** Who polls the server's device. */
export function pollOption(): Option {
  return new Option(
    '--poll <FORM>',
    'who polls the network: the dispatcher (inline), or a thread of its own (default: inline when cores are short)',
  ).choices(['inline', 'thread']);
}

export function parseDilation(text: string): number | 'auto' {
  return asInput('--dilate', () => readDilation(text));
}

/** @throws Error that says what was expected */
export function readDilation(text: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  const factor = Number(text);
  if (!(factor >= 1 && factor <= 1e6)) throw new Error(`expected auto or a number from 1 to 1000000, found '${text}'`);
  return factor;
}
