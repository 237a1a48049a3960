import type { SloVerdict } from '../../results/capacity-schema.js';

/** Up to where something holds, and from where on it fails. */
export interface Edge {
  /** The hardest that was shown to hold. */
  readonly holds: number;
  /** The easiest that was shown to fail; between the two nothing was decided. */
  readonly fails: number;
}

/**
 * Finds the edge among whole numbers by bisection: once, or once for each end of the range that stays undecided.
 *
 * @param holds taken to hold
 * @param fails taken to fail; above `holds`
 * @param probe asked about numbers between the two
 */
export async function findEdge(
  holds: number,
  fails: number,
  probe: (at: number) => Promise<SloVerdict>,
): Promise<Edge> {
  const edge = { holds, fails };
  let notHolds = fails;
  while (notHolds - edge.holds > 1) {
    const at = Math.floor((edge.holds + notHolds) / 2);
    const verdict = await probe(at);
    if (verdict === 'holds') edge.holds = at;
    else notHolds = at;
    if (verdict === 'fails') edge.fails = at;
  }
  let notFails = notHolds;
  while (edge.fails - notFails > 1) {
    const at = Math.floor((notFails + edge.fails) / 2);
    const verdict = await probe(at);
    if (verdict === 'fails') edge.fails = at;
    else notFails = at;
    if (verdict === 'holds') edge.holds = at;
  }
  return edge;
}
