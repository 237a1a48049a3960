import type { Checker } from '../../input/checker.js';
import { number, optional, positiveDuration } from '../../input/fields.js';

/**
 * Reads `{ shape, mean }` or `{ shape, scale }`: formulas have a scale, and people think in means.
 *
 * @param meanOfShape the mean at scale 1
 */
export function readShapeAndScale(value: unknown, checker: Checker, meanOfShape: (shape: number) => number) {
  const p = checker.map(
    {
      shape: number('a number from 0.1 to 1000', { min: 0.1, max: 1000 }),
      mean: optional(positiveDuration),
      scale: optional(positiveDuration),
    },
    value,
  );
  if (!p) return undefined;
  if ((p.mean === undefined) === (p.scale === undefined)) {
    return checker.refuse(`expected either mean or scale, found ${p.mean === undefined ? 'neither' : 'both'}`);
  }
  return { shape: p.shape, scaleNs: p.scale ?? p.mean! / meanOfShape(p.shape) };
}
