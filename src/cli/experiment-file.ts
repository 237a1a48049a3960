import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { findWorkload, readSystem, readText } from '../experiment/plan/files.js';
import type { Block, Lists } from '../experiment/sweep/plan-sweep.js';
import { Checker, type Problem, show } from '../input/checker.js';
import { list, text } from '../input/fields.js';
import { readYaml } from '../input/yaml.js';
import { InputError } from '../units/errors.js';
import { LISTED, overrideLists, parseList, policiesOf } from './lists.js';
import { conflict, type Setting } from './settings.js';

export interface Experiment {
  /** For people; the name of the file when it gives none. */
  readonly title: string;
  /** One line or more for people; may be empty. */
  readonly description: string;
  readonly blocks: readonly Block[];
}

const LISTS = Object.fromEntries(LISTED.map(({ key }) => [key, z.unknown()]));
const SHAPE = { title: text.optional(), description: text.optional(), ...LISTS, series: list('maps').optional() };

/**
 * Reads an experiment: YAML with the names of the options of `psp sweep` as keys, each with one value or several, and `series`, a list of maps of the same keys that each replace
 * some of those above. Files of workloads are relative to its folder.
 *
 * @param given on the command line, instead of what the file says
 * @throws InputError when it cannot be read
 * @throws InputError with everything that is wrong, with line and column
 */
export function readExperiment(path: string, given: Lists = {}): Experiment {
  const source = readYaml(readText(path), path);
  const problems: Problem[] = [];
  const checker = new Checker([], problems, () => {
    throw new Error('an experiment refers to no files');
  });
  const fields = checker.fields(SHAPE, source.value) ?? {};
  const folder = dirname(path);
  const common = readLists(fields, checker, folder);
  const series = (fields.series as readonly unknown[] | undefined)?.map((item, i) => {
    const here = checker.at('series', i);
    return readLists(here.fields(LISTS, item) ?? {}, here, folder);
  });
  if (problems.length > 0) throw new InputError(source.locate(problems));
  return {
    title: (fields.title as string | undefined) ?? path,
    description: ((fields.description as string | undefined) ?? '').trim(),
    blocks: (series ?? [{}]).map((own) => ({
      lists: overrideLists(overrideLists(common, own), given),
      // A workload that is given on the command line is not the file's.
      ...(given.workload === undefined && { folder }),
    })),
  };
}

function readLists(fields: Readonly<Record<string, unknown>>, checker: Checker, folder: string): Lists {
  const lists: Record<string, readonly unknown[]> = {};
  for (const setting of LISTED) {
    const item = fields[setting.key];
    if (item === undefined) continue;
    const here = checker.at(setting.key);
    if (Array.isArray(item) && item.length === 0) here.refuse(`expected ${setting.value}, found an empty list`);
    lists[setting.field] = Array.isArray(item)
      ? item.flatMap((one: unknown, i) => readValues(setting, one, here.at(i), folder))
      : readValues(setting, item, here, folder);
  }
  const pair = conflict(lists);
  if (pair) checker.at(pair[1].key).refuse(`expected only one of ${pair[0].key} and ${pair[1].key}, found both`, true);
  return lists as Lists;
}

function readValues(setting: Setting, item: unknown, here: Checker, folder: string): unknown[] {
  const isMap = typeof item === 'object' && item !== null && !Array.isArray(item);
  if (isMap && setting.field === 'policies') return readPolicies(setting, item as Record<string, unknown>, here);
  if (typeof item !== 'string' && typeof item !== 'number') {
    here.refuse(`expected ${setting.value}, found ${show(item)}`);
    return [];
  }
  return read(here, () => {
    const values = parseList(setting, String(item), '');
    if (setting.field === 'workload') for (const name of values) findWorkload(String(name), folder);
    if (setting.field !== 'systems') return values;
    const found = values.map((name) => (/\.ya?ml$/i.test(String(name)) ? resolve(folder, String(name)) : name));
    for (const name of found) readSystem(String(name));
    return found;
  });
}

/** `{ name: darc-static, reserved: 0:13:1 }`: a policy for every combination of its parameters. */
function readPolicies(setting: Setting, item: Record<string, unknown>, here: Checker): unknown[] {
  const { name, ...parameters } = item;
  if (typeof name !== 'string') {
    here.refuse(`expected a map with the name of a policy and its parameters, found ${show(name)} as the name`);
    return [];
  }
  return read(here, () =>
    policiesOf(name, Object.entries(parameters)).flatMap((policy) => parseList(setting, policy, '')),
  );
}

/** What a reader refuses is a problem of this place. */
function read(here: Checker, values: () => unknown[]): unknown[] {
  try {
    return values();
  } catch (error) {
    here.refuse((error as Error).message.replace(/^: /, ''));
    return [];
  }
}
