import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readText } from '../experiment/plan/files.js';
import { Checker, type Problem, show } from '../input/checker.js';
import { readYaml } from '../input/yaml.js';
import { InputError } from '../units/errors.js';
import { conflict, parseSetting, SETTINGS, type SimSettings } from './settings.js';

const SHAPE = Object.fromEntries(SETTINGS.map(({ key }) => [key, z.unknown()]));

/**
 * Reads a configuration file: YAML with the names of the options as keys. Paths in it are relative to its own folder.
 *
 * @throws InputError when it cannot be read
 * @throws InputError with everything that is wrong, with line and column
 */
export function readConfigFile(path: string): SimSettings {
  const source = readYaml(readText(path), path);
  const problems: Problem[] = [];
  const checker = new Checker([], problems, () => {
    throw new Error('a configuration refers to no files');
  });
  const settings = readSettings(source.value ?? {}, checker);
  if (problems.length > 0) throw new InputError(source.locate(problems));
  const folder = dirname(path);
  const { json, systems, timeline } = settings;
  return {
    ...settings,
    folder,
    ...(systems && { systems: systems.map((each) => (/\.ya?ml$/i.test(each) ? resolve(folder, each) : each)) }),
    ...(timeline !== undefined && { timeline: join(folder, timeline) }),
    ...(json !== undefined && json !== '-' && { json: join(folder, json) }),
  };
}

function readSettings(value: unknown, checker: Checker): SimSettings {
  const given = checker.fields(SHAPE, value) ?? {};
  const settings: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const item = given[setting.key];
    if (item === undefined) continue;
    const here = checker.at(setting.key);
    const parsed =
      setting.many && Array.isArray(item)
        ? item.map((one: unknown, i) => parseScalar(setting, one, here.at(i)))
        : [parseScalar(setting, item, here)];
    settings[setting.field] = setting.many ? parsed.flat() : parsed[0];
  }
  const pair = conflict(settings as SimSettings);
  if (pair) checker.at(pair[1].key).refuse(`expected only one of ${pair[0].key} and ${pair[1].key}, found both`, true);
  return settings as SimSettings;
}

function parseScalar(setting: (typeof SETTINGS)[number], item: unknown, here: Checker): unknown {
  if (typeof item !== 'string' && typeof item !== 'number') {
    return here.refuse(`expected ${setting.value}, found ${show(item)}`);
  }
  try {
    return parseSetting(setting, String(item), '');
  } catch (error) {
    return here.refuse((error as Error).message.replace(/^: /, ''));
  }
}
