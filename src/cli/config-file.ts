import { dirname } from 'node:path';
import { readText } from '../experiment/plan/files.js';
import { pathIn, policyFileIn } from '../experiment/plan/policy-paths.js';
import { type Checker, show } from '../input/checker.js';
import { anything } from '../input/fields.js';
import { readChecked } from '../input/read-checked.js';
import { isPolicyFile, policiesNamed } from '../scheduler/policy-registry.js';
import { splitList } from '../units/lists.js';
import { knowPolicies } from './policy-names.js';
import { conflict, parseText, SETTINGS, type Setting, type SimSettings } from './settings.js';

const SHAPE = { policies: anything, ...Object.fromEntries(SETTINGS.map(({ key }) => [key, anything])) };

/**
 * Reads a configuration file: YAML with the names of the options as keys. A value means what the same text means on the
 * command line, except that paths are relative to the folder of the file.
 *
 * @throws InputError when it cannot be read, or with everything that is wrong
 */
export function readConfigFile(path: string): SimSettings {
  const folder = dirname(path);
  const read = (value: unknown, checker: Checker) => readSettings(value, checker, folder);
  const { workload, systems, ...settings } = readChecked(readText(path), path, read, { scalars: 'text' });
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

/** A name of what comes with psp stays; a file is found from the working directory. */
export function nameOrFileIn(folder: string, nameOrFile: string): string {
  return /[/\\]|\.\w+$/.test(nameOrFile) ? pathIn(folder, nameOrFile) : nameOrFile;
}

function readSettings(value: unknown, checker: Checker, folder: string): SimSettings {
  // An empty file says nothing, which is not wrong.
  const given: Readonly<Record<string, unknown>> = checker.fields(SHAPE, value ?? {}) ?? {};
  const resolve = readPolicyFiles(given.policies, checker.at('policies'), folder);
  const settings: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const item = given[setting.key];
    if (item === undefined) continue;
    const here = checker.at(setting.key);
    settings[setting.field] =
      setting.many && Array.isArray(item)
        ? item.flatMap((one, i) => readScalar(setting, resolve(setting, one), here.at(i)))
        : readScalar(setting, resolve(setting, item), here);
  }
  refuseConflict(settings, checker);
  return settings;
}

/** Replaces the policies in a text by how they are found from the working directory. */
export type Resolve = (setting: Setting, item: unknown) => unknown;

/**
 * Reads `policies: [./keep.ts]`: the policies of these files are known by their names in the whole file. A policy may
 * also be named by its file. Both become paths from the working directory.
 */
export function readPolicyFiles(item: unknown, here: Checker, folder: string): Resolve {
  const known = namesIn(item, here, folder);
  const replace = (policy: string): string => {
    const [name = '', ...rest] = splitList(policy, ':');
    const found = known.get(name) ?? (isPolicyFile(policy) ? policyFileIn(folder, name) : name);
    return [found, ...rest].join(':');
  };
  return (setting, text) => {
    if (setting.field !== 'policies' || typeof text !== 'string') return text;
    try {
      return splitList(text, ',').map(replace).join(',');
    } catch {
      // Whoever reads the text says what is wrong with it.
      return text;
    }
  };
}

/** How the policies of the files are found from the working directory, by their names. */
function namesIn(item: unknown, here: Checker, folder: string): Map<string, string> {
  const known = new Map<string, string>();
  const files = item === undefined ? [] : [item].flat();
  for (const [i, file] of files.entries()) {
    const at = Array.isArray(item) ? here.at(i) : here;
    if (typeof file !== 'string' || !isFile(file)) {
      at.refuse(`expected the file of a policy or pkg:NAME, found ${show(file)}`);
      continue;
    }
    try {
      const path = policyFileIn(folder, file);
      for (const { name } of policiesNamed(path)) known.set(name, `${path}:${name}`);
    } catch (error) {
      at.refuse((error as Error).message);
    }
  }
  return known;
}

/**
 * Makes the policies of the configuration or experiment that the arguments name known to `--policy` beside it. A file
 * that is wrong is left to its reader.
 */
export function knowConfigPolicies(args: readonly string[]): void {
  const names = new Map<string, string>();
  for (const path of configsIn(args)) {
    try {
      const read = (value: unknown, checker: Checker) => {
        const { policies } = (value ?? {}) as { readonly policies?: unknown };
        for (const [name, found] of namesIn(policies, checker.at('policies'), dirname(path))) names.set(name, found);
      };
      readChecked(readText(path), path, read, { scalars: 'text' });
    } catch {}
  }
  knowPolicies(names);
}

/** Files that follow `--config`, and those that a sweep is given. */
function configsIn(args: readonly string[]): string[] {
  return args.filter(
    (arg, i) =>
      args[i - 1] === '--config' ||
      (args[0] === 'sweep' && i > 0 && !args[i - 1]!.startsWith('-') && /\.ya?ml$/.test(arg)),
  );
}

function isFile(text: string): boolean {
  try {
    return isPolicyFile(text);
  } catch {
    return false;
  }
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
