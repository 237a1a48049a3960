import { dirname } from 'node:path';
import { findWorkload, readSystem, readText } from '../experiment/plan/files.js';
import { policyFileIn } from '../experiment/plan/policy-paths.js';
import type { Block, Lists } from '../experiment/sweep/plan-sweep.js';
import { type Checker, show } from '../input/checker.js';
import { anything, list, optional, prose, text } from '../input/fields.js';
import { readChecked } from '../input/read-checked.js';
import { type AskedWorld, WORLD_SHAPE, worldOf } from './asked-world.js';
import { nameOrFileIn, type Resolve, readPolicyFiles, readScalar, refuseConflict } from './config-file.js';
import { LISTED, parseTexts, policiesOf } from './listed-settings.js';
import { override, type Setting } from './settings.js';

export interface Experiment {
  /** For people; the name of the file when it gives none. */
  readonly title: string;
  /** One line or more for people; may be empty. */
  readonly description: string;
  readonly blocks: readonly Block[];
  /** Those of `policies`, whether they are used or not. */
  readonly policyFiles: readonly string[];
  /** In which world the points run, and how. */
  readonly real: Partial<AskedWorld>;
}

const LISTS = Object.fromEntries(LISTED.map(({ key }) => [key, anything]));
const SHAPE = {
  title: optional(text),
  description: optional(prose),
  policies: anything,
  ...LISTS,
  series: optional(list('maps')),
  ...WORLD_SHAPE,
};

/**
 * Reads an experiment: YAML with the names of the options of `psp sweep` as keys, each with one value or several, and
 * `series`, a list of maps of the same keys. Each map replaces some of the values above. Files are relative to the
 * folder of the experiment.
 *
 * @param given on the command line, instead of what the file says
 * @throws InputError when it cannot be read, or with everything that is wrong
 */
export function readExperiment(path: string, given: Lists = {}): Experiment {
  return readChecked(
    readText(path),
    path,
    (value, checker) => {
      const fields: Readonly<Record<string, unknown>> = checker.fields(SHAPE, value) ?? {};
      const folder = dirname(path);
      const resolve = readPolicyFiles(fields.policies, checker.at('policies'), folder);
      const common = readLists(fields, checker, folder, resolve);
      const series = (fields.series as readonly unknown[] | undefined)?.map((item, i) => {
        const here = checker.at('series', i);
        return readLists(here.fields(LISTS, item) ?? {}, here, folder, resolve);
      });
      return {
        title: (fields.title as string | undefined) ?? path,
        description: ((fields.description as string | undefined) ?? '').trim(),
        real: worldOf(fields),
        policyFiles: [fields.policies ?? []].flat().map((policy) => policyFileIn(folder, String(policy))),
        blocks: (series ?? [{}]).map((own) => ({ lists: override(override(common, own), given) })),
      };
    },
    { scalars: 'text' },
  );
}

function readLists(
  fields: Readonly<Record<string, unknown>>,
  checker: Checker,
  folder: string,
  resolve: Resolve,
): Lists {
  const lists: Record<string, readonly unknown[]> = {};
  for (const setting of LISTED) {
    const item = fields[setting.key];
    if (item === undefined) continue;
    const here = checker.at(setting.key);
    if (Array.isArray(item) && item.length === 0) here.refuse(`expected ${setting.expected}, found an empty list`);
    lists[setting.field] = Array.isArray(item)
      ? item.flatMap((one: unknown, i) => readValues(setting, one, here.at(i), folder, resolve))
      : readValues(setting, item, here, folder, resolve);
  }
  refuseConflict(lists, checker);
  return lists;
}

function readValues(setting: Setting, item: unknown, here: Checker, folder: string, resolve: Resolve): unknown[] {
  const isMap = typeof item === 'object' && item !== null && !Array.isArray(item);
  if (isMap && setting.field === 'policies')
    return readPolicies(setting, item as Record<string, unknown>, here, resolve);
  const values = readScalar(setting, resolve(setting, item), here, (each, words) => {
    const parsed = parseTexts(each, words);
    if (each.field !== 'workload' && each.field !== 'systems') return parsed;
    const found = parsed.map((name) => nameOrFileIn(folder, String(name)));
    for (const name of found) each.field === 'workload' ? findWorkload(name) : readSystem(name);
    return found;
  });
  return (values as unknown[] | undefined) ?? [];
}

/** `{ name: darc-static, reserved: 0:13:1 }`: a policy for every combination of its parameters. */
function readPolicies(setting: Setting, item: Record<string, unknown>, here: Checker, resolve: Resolve): unknown[] {
  const { name, ...parameters } = item;
  if (typeof name !== 'string') {
    here.refuse(`expected a map with the name of a policy and its parameters, found ${show(name)} as the name`);
    return [];
  }
  const policies = readScalar(setting, resolve(setting, name), here, (each, known) =>
    policiesOf(known, Object.entries(parameters)).flatMap((policy) => parseTexts(each, policy)),
  );
  return (policies as unknown[] | undefined) ?? [];
}
