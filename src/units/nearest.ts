import { distance } from 'fastest-levenshtein';
import { quoted } from './lists.js';

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

/**
 * Says that a name is unknown: `unknown policy 'drac': did you mean 'darc'? There are …`.
 *
 * @param what the kind of name: a policy, a type
 * @param introduction of the list of known names
 */
export function unknownName(what: string, word: string, known: readonly string[], introduction = 'there are'): string {
  const meant = nearest(word, known);
  const list = `${introduction} ${known.map((each) => quoted(each)).join(', ')}`;
  const rest = meant === undefined ? list : `did you mean '${meant}'? ${list.charAt(0).toUpperCase()}${list.slice(1)}`;
  return `unknown ${what} '${word}': ${rest}`;
}
