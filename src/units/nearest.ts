import { distance } from 'fastest-levenshtein';

/** The candidate that a misspelt word most likely means; undefined when more than a third of the letters are wrong. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return least <= Math.max(1, Math.ceil(word.length / 3)) ? best : undefined;
}
