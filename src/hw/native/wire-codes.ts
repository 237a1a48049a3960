/** The codes of request types on the wire. */

import { EnvironmentError } from '../../units/errors.js';
import { lookUp } from '../../units/names.js';
import type { ClassifierConfig } from '../machine/classifier-config.js';
import type { NativeServerConfig } from './native.js';

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
  return codesOf(typeNames, classifier).map((code, index) => {
    if (code !== undefined) return code;
    throw new EnvironmentError(`classifier.codes has no code for the workload's type ${typeNames[index]}`);
  });
}

/**
 * How a server finds the type of a request, with types by index. A type needs a pattern or a code.
 *
 * @throws EnvironmentError as {@link wireCodes}, and when a type has neither
 */
export function wireClassifier(
  typeNames: readonly string[],
  classifier: ClassifierConfig,
): NativeServerConfig['classifier'] {
  const { offset, width, endian, match = [] } = classifier;
  const codes = match.length === 0 ? wireCodes(typeNames, classifier) : codesOf(typeNames, classifier);
  const matched = new Set(match.map(({ type }) => type));
  const neither = typeNames.find((name, type) => codes[type] === undefined && !matched.has(name));
  if (neither !== undefined) {
    throw new EnvironmentError(`classifier has neither a match nor a code for the workload's type ${neither}`);
  }
  return {
    offset,
    width,
    endian,
    codes: codes.flatMap((code, type) => (code === undefined ? [] : [{ code, type }])),
    patterns: match.flatMap(({ type, pattern }) => {
      const index = typeNames.indexOf(type);
      return index < 0 ? [] : [{ offset: pattern.offset, bytes: Uint8Array.from(pattern.bytes), type: index }];
    }),
  };
}

/** The codes, and nothing for types that have none. Who gives patterns gives codes, too, or has none. */
function codesOf(typeNames: readonly string[], classifier: ClassifierConfig): (number | undefined)[] {
  const given = classifier.codes ?? (classifier.match ? {} : undefined);
  const codes = typeNames.map((name, index) =>
    given === undefined ? (lookUp(KNOWN_CODES, name) ?? FIRST_OWN_CODE + index) : lookUp(given, name),
  );
  const twice = codes.findIndex((code, i) => code !== undefined && codes.indexOf(code) !== i);
  if (twice >= 0) {
    throw new EnvironmentError(
      `the types ${typeNames[codes.indexOf(codes[twice]!)]} and ${typeNames[twice]} have the same code ${codes[twice]}`,
    );
  }
  const highest = 2 ** (8 * classifier.width) - 1;
  const wide = codes.findIndex((code) => code !== undefined && code > highest);
  if (wide >= 0) {
    throw new EnvironmentError(
      `the type ${typeNames[wide]} has the code ${codes[wide]}, beyond the ${highest} that classifier.width allows: ` +
        'give it another in classifier.codes',
    );
  }
  return codes;
}
