import { anything, list } from '../../input/fields.js';
import { readChecked } from '../../input/read-checked.js';
import { exactDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { quoted } from '../../units/lists.js';
import type { Workload } from '../../workload/workload.js';
import { findWorkload, readText, readWorkload } from '../plan/files.js';
import { parseSlo, type Slo } from './slo.js';

/**
 * Reads objectives from a YAML file: a list of them, or a map with the key `slos` that has one.
 *
 * @throws InputError with the place of each that is wrong
 */
export function readSloFile(path: string): Slo[] {
  return readChecked(readText(path), path, (value, checker) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    const here = isMap ? checker.at('slos') : checker;
    const items = isMap ? checker.fields({ slos: anything }, value)?.slos : value;
    return here.value(list('objectives'), items)?.flatMap((item, i) => {
      try {
        if (typeof item !== 'string') throw new InputError('expected an objective as a text, found something else');
        return [parseSlo(item, 'objective')];
      } catch (error) {
        here.at(i).refuse((error as Error).message);
        return [];
      }
    });
  });
}

/** The objectives that the types of a workload file state: its p99 sojourn is at most the `slo` of the type. */
export function slosOfWorkload(nameOrFile: string): Slo[] {
  const file = findWorkload(nameOrFile);
  if (file.kind === 'trace') return [];
  const { types }: Workload = readWorkload(file);
  return types.flatMap(({ name, sloNs }) =>
    sloNs === undefined ? [] : [parseSlo(`p99 sojourn <= ${exactDuration(sloNs)} for ${quoted(name, ', ')}`)],
  );
}

/**
 * The objectives of a command: those that were typed and those of a file, else those of the workload.
 *
 * @throws InputError when there are none
 */
export function objectives(typed: readonly Slo[], file: string | undefined, workload: string): readonly Slo[] {
  const given = [...typed, ...(file === undefined ? [] : readSloFile(file))];
  const slos = given.length > 0 ? given : slosOfWorkload(workload);
  if (slos.length > 0) return slos;
  throw new InputError(
    'expected an objective, found none: add --slo, --slo-file, or slo: to the types of the workload',
  );
}
