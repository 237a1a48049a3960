import { InputError } from '../../units/errors.js';
import { unknownName } from '../../units/nearest.js';

/**
 * @param where what names the type, for the message
 * @throws InputError when a workload has no such type
 */
export function checkTypeName(where: string, type: string, types: readonly string[]): void {
  if (types.includes(type)) return;
  throw new InputError(`${where}: ${unknownName('type', type, types, 'the workload has')}`);
}
