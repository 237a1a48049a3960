/**
 * Limits that nobody means to exceed, checked wherever a number comes in, so that a typing error or a hostile queue
 * cannot exhaust a machine.
 */

/** Of a simulation. */
export const MOST_WORKERS = 65_536;
export const MOST_REPLICATIONS = 10_000;
/** Higher loads say nothing more, and lower ones leave runs without requests. */
export const MOST_LOAD = 1e6;

/** Of a workload, a configuration or a system, and of each file that one refers to. */
export const MOST_TEXT_BYTES = 64 << 20;
