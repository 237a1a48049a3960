/** In which world the points of an experiment run: options of a command, and keys of a file. */

import { type Command, Option } from 'commander';
import { readTestbed, type Testbed } from '../experiment/hosts/read-testbed.js';
import type { RealPlan } from '../experiment/sweep/plan-real.js';
import type { PlannedPoint } from '../experiment/sweep/planned-point.js';
import type { Sources } from '../experiment/sweep/sources.js';
import { type Field, show } from '../input/checker.js';
import { optional } from '../input/fields.js';
import { InputError } from '../units/errors.js';
import { parseDilation, readDilation } from './hardware-settings.js';
import { shortTime } from './progress.js';
import { wholeNumber } from './whole-number.js';

export interface AskedWorld {
  readonly world: 'sim' | RealPlan['world'];
  readonly dilate: number | 'auto';
  readonly repeat: number;
}

const WORLDS = ['sim', 'hw', 'both'] as const;
const MOST_REPEATS = 100;

const world: Field<AskedWorld['world']> = (input) => {
  const found = WORLDS.find((each) => each === input);
  if (found) return found;
  throw new Error(`expected sim, hw or both, found ${show(input)}`);
};

const dilate: Field<AskedWorld['dilate']> = (input) => readDilation(String(input));

const repeat: Field<number> = (input) => {
  const times = Number(input);
  if (Number.isInteger(times) && times >= 1 && times <= MOST_REPEATS) return times;
  throw new Error(`expected a whole number from 1 to ${MOST_REPEATS}, found ${show(input)}`);
};

export const WORLD_SHAPE = { world: optional(world), dilate: optional(dilate), repeat: optional(repeat) };

/** The keys of a file that {@link WORLD_SHAPE} has read. */
export function worldOf(fields: Readonly<Record<string, unknown>>): Partial<AskedWorld> {
  const keys = Object.keys(WORLD_SHAPE).filter((key) => fields[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, fields[key]]));
}

/** What the options say, which replaces what a file says. */
export interface WorldOptions {
  readonly hw?: true;
  readonly both?: true;
  readonly dilate?: number | 'auto';
  readonly repeat?: number;
  readonly retries?: number;
  /** The machines that they run on, instead of this one. */
  readonly hosts?: Testbed;
}

export function addWorldOptions(command: Command): void {
  command
    .option('--hw', 'run the points on this machine, one at a time, as psp run --hw does')
    .option('--both', 'run them on this machine, and simulate the same requests')
    .addOption(hostsOption())
    .addOption(
      new Option(
        '--dilate <K|auto>',
        'with --hw: stretch all times by K (default: from the number of cores; 1 with --hosts)',
      ).argParser((text: string) => parseDilation(text)),
    )
    .option(
      '--repeat <N>',
      'with --hw: independent runs of each point, pooled (default: 1)',
      wholeNumber('--repeat', 1, MOST_REPEATS),
    )
    .option(
      '--retries <N>',
      'with --hw: try a run that fails again (default: 2)',
      wholeNumber('--retries', 0, MOST_REPEATS),
    );
}

/** The machines that points run on, over ssh. */
export function hostsOption(): Option {
  return new Option(
    '--hosts <FILE>',
    'run the points on the machines of a testbed, over ssh; see configs/cloudlab.yaml and docs/testbed.md',
  ).argParser((file: string) => readTestbed(file));
}

/**
 * How the points run for real; undefined when they are simulated.
 *
 * @param sources what the folder of the sweep keeps: commands name its copy of the hosts
 * @throws InputError when options contradict each other
 */
export function realPlanOf(
  options: WorldOptions,
  file: Partial<AskedWorld> = {},
  sources?: Sources,
): RealPlan | undefined {
  if (options.hw && options.both) throw new InputError('expected only one of --hw and --both, found both');
  const { hosts } = options;
  const inFile = hosts && file.world !== 'both' ? 'hw' : (file.world ?? 'sim');
  const asked = options.hw ? 'hw' : options.both ? 'both' : inFile;
  if (asked === 'sim') {
    const alone = (['dilate', 'repeat', 'retries'] as const).find((key) => options[key] !== undefined);
    if (alone) throw new InputError(`--${alone} is for points that run on a machine: add --hw, --both or --hosts`);
    return undefined;
  }
  const dilate = options.dilate ?? file.dilate ?? 'auto';
  return {
    world: asked,
    // The cores of this machine say nothing about others.
    dilate: hosts && dilate === 'auto' ? 1 : dilate,
    repeat: options.repeat ?? file.repeat ?? 1,
    ...(hosts && { hosts: { file: sources?.find(hosts.file) ?? hosts.file, digest: hosts.digest } }),
  };
}

/** How long the points that run for real will take, as a sentence; nothing when there are none. */
export function estimate(planned: readonly PlannedPoint[], hosts?: Testbed): string | undefined {
  const real = planned.filter((point) => point.real !== undefined);
  if (real.length === 0) return undefined;
  const seconds = real.map((point) => point.real!.seconds);
  const all = seconds.reduce((sum, each) => sum + each, 0);
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map(shortTime);
  const twins = planned.length - real.length;
  const beside = twins > 0 ? ` beside ${twins} simulated ${twins === 1 ? 'one' : 'ones'}` : '';
  const each = least === most ? least : `${least} to ${most}`;
  const points = real.length === 1 ? `1 point` : `${real.length} points`;
  const where = hosts ? `the hosts of ${hosts.file}` : 'this machine';
  return (
    `${points} on ${where}${beside}, ${each}${real.length === 1 ? '' : ' each'}: ` +
    `about ${shortTime(all)} in all, more if runs are disturbed`
  );
}
