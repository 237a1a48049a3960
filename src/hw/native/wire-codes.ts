/** The codes of request types on the wire. */

import { EnvironmentError } from '../../units/errors.js';
import { lookUp } from '../../units/names.js';
import type { ClassifierConfig } from '../machine/config.js';

/** The code of requests that no classifier knows. */
export const UNKNOWN_CODE = 0;

/** Perséphone's codes. */
const KNOWN_CODES: Readonly<Record<string, number>> = {
  SHORT: 1,
  LONG: 2,
  PAGE: 3,
  REGEX: 4,
  NewOrder: 5,
  Payment: 6,
  Delivery: 7,
  OrderStatus: 8,
  StockLevel: 9,
  GET: 10,
  SCAN: 11,
};
/** Types that Perséphone does not have are numbered from here, in the order of the workload. */
const FIRST_OWN_CODE = 64;

/**
 * The code of each classified type, by index: from the classifier's own table, else Perséphone's, else numbers from 64.
 * Both ends derive them from the same workload, so they agree.
 *
 * @throws EnvironmentError when the classifier's table lacks a type, two types share a code, or a code does not fit its
 *   field
 */
export function wireCodes(typeNames: readonly string[], classifier: ClassifierConfig): number[] {
  const codes = typeNames.map((name, index) => {
    if (classifier.codes === undefined) return lookUp(KNOWN_CODES, name) ?? FIRST_OWN_CODE + index;
    const code = lookUp(classifier.codes, name);
    if (code === undefined) {
      throw new EnvironmentError(`classifier.codes has no code for the workload's type ${name}`);
    }
    return code;
  });
  const twice = codes.findIndex((code, i) => codes.indexOf(code) !== i);
  if (twice >= 0) {
    throw new EnvironmentError(
      `the types ${typeNames[codes.indexOf(codes[twice]!)]} and ${typeNames[twice]} have the same code ${codes[twice]}`,
    );
  }
  const highest = 2 ** (8 * classifier.width) - 1;
  const wide = codes.findIndex((code) => code > highest);
  if (wide >= 0) {
    throw new EnvironmentError(
      `the type ${typeNames[wide]} has the code ${codes[wide]}, beyond the ${highest} that classifier.width allows: ` +
        'give it another in classifier.codes',
    );
  }
  return codes;
}
