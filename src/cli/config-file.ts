import { dirname, isAbsolute, join } from 'node:path';
import { readText } from '../experiment/plan/files.js';
import { type Checker, show } from '../input/checker.js';
import { anything } from '../input/fields.js';
import { readChecked } from '../input/read-checked.js';
import { conflict, parseText, SETTINGS, type Setting, type SimSettings } from './settings.js';

const SHAPE = Object.fromEntries(SETTINGS.map(({ key }) => [key, anything]));

/**
 * Reads a configuration file: YAML with the names of the options as keys. A value means what the same text means on the
 * command line, except that paths are relative to the folder of the file.
 *
 * @throws InputError when it cannot be read, or with everything that is wrong
 */
export function readConfigFile(path: string): SimSettings {
  const folder = dirname(path);
  const { workload, systems, ...settings } = readChecked(readText(path), path, readSettings, { scalars: 'text' });
  const files = (['json', 'timeline', 'record'] as const).flatMap((field) => {
    const file = settings[field];
    return file === undefined || file === '-' ? [] : [[field, pathIn(folder, file)]];
  });
  return {
    ...settings,
    ...(workload !== undefined && { workload: nameOrFileIn(folder, workload) }),
    ...(systems && { systems: systems.map((each) => nameOrFileIn(folder, each)) }),
    ...Object.fromEntries(files),
  };
}

function pathIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** A name of what comes with psp stays; a file is found from the working directory. */
export function nameOrFileIn(folder: string, nameOrFile: string): string {
  return /[/\\]|\.\w+$/.test(nameOrFile) ? pathIn(folder, nameOrFile) : nameOrFile;
}

function readSettings(value: unknown, checker: Checker): SimSettings {
  // An empty file says nothing, which is not wrong.
  const given = checker.fields(SHAPE, value ?? {}) ?? {};
  const settings: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const item = given[setting.key];
    if (item === undefined) continue;
    const here = checker.at(setting.key);
    settings[setting.field] =
      setting.many && Array.isArray(item)
        ? item.flatMap((one, i) => readScalar(setting, one, here.at(i)))
        : readScalar(setting, item, here);
  }
  refuseConflict(settings, checker);
  return settings;
}

/** Reports settings that exclude each other. */
export function refuseConflict(settings: Readonly<Record<string, unknown>>, checker: Checker): void {
  const pair = conflict(settings);
  if (pair) checker.at(pair[1].key).refuse(`expected only one of ${pair[0].key} and ${pair[1].key}, found both`, true);
}

/** Reads one value with `parse`, whose errors are reported at its place. */
export function readScalar(setting: Setting, item: unknown, here: Checker, parse = parseText): unknown {
  if (typeof item !== 'string') return here.refuse(`expected ${setting.expected}, found ${show(item)}`);
  try {
    return parse(setting, item);
  } catch (error) {
    return here.refuse((error as Error).message);
  }
}
