/**
 * What nobody means to exceed, so that a slip of the pen or a hostile queue cannot exhaust a machine. Checked at every
 * door.
 */

/** Of a simulation. */
export const MOST_WORKERS = 65_536;
export const MOST_REPLICATIONS = 10_000;
