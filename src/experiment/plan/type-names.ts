import { InputError } from '../../units/errors.js';
import { nearest } from '../../units/nearest.js';

/**
 * @param where what names the type, for the message
 * @throws InputError when a workload has no such type
 */
export function checkTypeName(where: string, type: string, types: readonly string[]): void {
  if (types.includes(type)) return;
  const meant = nearest(type, types);
  throw new InputError(
    `${where}: unknown type '${type}'${meant === undefined ? '' : `: did you mean '${meant}'?`} The workload ` +
      `has ${types.join(', ')}`,
  );
}
