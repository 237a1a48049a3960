/**
 * All randomness of psp. One seed gives many independent named streams. Changing the use of one stream, such as another
 * service distribution, does not change the draws of the others. So two policies, or two variants of a workload, are
 * compared on common random numbers.
 */

import seedrandom from 'seedrandom';

/** A stream of numbers uniform on [0, 1). Every value is a multiple of 2^-32, and 0 does occur. */
export type Random = () => number;

/** All streams, by name. */
export const STREAM = {
  arrivals: 'arrivals',
  types: 'types',
  flows: 'flows',
  stealing: 'stealing',
  classifier: 'classifier',
  /** The costs of a system that vary. */
  costs: 'costs',
  /** The service demands of one request type. */
  service: (type: string) => `service/${type}`,
} as const;

/**
 * Opens a stream. The same three arguments give the same numbers on any machine.
 *
 * The generator is seedrandom's `alea` (J. Baagøe's multiply-with-carry, period about 2^116): 32 random bits a call, at
 * about a quarter of the cost of seedrandom's default generator.
 *
 * @param seed what the user chose; 1 and '1' are the same seed
 * @param name one of {@link STREAM}
 * @param replication number of the independent repetition of a run, from 0
 */
export function substream(seed: string | number, name: string, replication = 0): Random {
  // JSON separates the three, whatever characters they contain.
  return seedrandom.alea(JSON.stringify([String(seed), replication, name]));
}

const TWO_POW_21 = 0x200000;
const TWO_POW_MINUS_53 = 1.1102230246251565e-16;

/** Uniform on [0, 1) with all 53 bits, from two draws: for inverting a distribution function where the tail matters. */
export function uniform53(random: Random): number {
  return random() + Math.floor(random() * TWO_POW_21) * TWO_POW_MINUS_53;
}
