/** Settings as options of a command. */

import { type Command, Option } from 'commander';
import { shippedWorkloads } from '../experiment/plan/files.js';
import { InputError } from '../units/errors.js';
import { LISTED, parseList } from './listed-settings.js';
import { conflict, parseSetting, SETTINGS, type Setting } from './settings.js';

/**
 * Adds settings as options of one value.
 *
 * @param helps what differs from the usual help, by key
 */
export function addSettings(
  command: Command,
  keys: readonly string[] = SETTINGS.map(({ key }) => key),
  helps: Readonly<Record<string, string>> = {},
): void {
  for (const setting of SETTINGS.filter(({ key }) => keys.includes(key))) {
    const { key, value, help } = setting;
    addOption(command, setting, `--${key} <${value}>`, helps[key] ?? help, (text, before) => {
      const parsed = parseSetting(setting, text, `--${key}`);
      return setting.many ? [...before, ...(parsed as unknown[])] : parsed;
    });
  }
}

/** Adds the settings of a sweep as options of several values. */
export function addLists(command: Command): void {
  for (const setting of LISTED) {
    const { key, help } = setting;
    addOption(command, setting, `--${key} <VALUES>`, help, (text, before) => [
      ...before,
      ...parseList(setting, text, `--${key}`),
    ]);
  }
}

function addOption(
  command: Command,
  { field }: Setting,
  flags: string,
  help: string,
  parse: (text: string, before: readonly unknown[]) => unknown,
): void {
  const option = new Option(flags, help);
  option.argParser<unknown>((text, before) => parse(text, (before as readonly unknown[] | undefined) ?? []));
  option.attributeName = () => field;
  command.addOption(option);
}

/** @throws InputError when two settings exclude each other */
export function checkConflict(settings: object): void {
  const pair = conflict(settings);
  if (pair) throw new InputError(`expected only one of --${pair[0].key} and --${pair[1].key}, found both`);
}

/** The error for a command that was given no workload. */
export function missingWorkload(): InputError {
  return new InputError(
    `expected a workload, found none: add --workload NAME (${shippedWorkloads().join(', ')}) or --workload FILE`,
  );
}
