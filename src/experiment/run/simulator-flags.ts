import { setFlagsFromString } from 'node:v8';
import type { RunSpec } from '../plan/run-spec.js';

/**
 * Flags for V8 that make the simulation loop faster (Node 20, V8 11). They change nothing but the speed.
 *
 * The loop is one long-running function. With on-stack replacement V8 11 keeps running it in the code it made for the
 * replacement, which is slower, for good once that code has been deoptimised; without, the next call gets the fully
 * optimised function.
 */
const ALWAYS = ['--no-use-osr'];
/**
 * The loop calls the policy, the event list and the recorder, each small; together they exceed what V8 inlines into one
 * function by default. Inlined, a run of ten million requests is a tenth to a half faster, but the compiler takes a
 * second of processor time for that, many times what a short run takes.
 */
const INLINE_ALL = [
  '--max-inlined-bytecode-size-cumulative=8000',
  '--max-inlined-bytecode-size-absolute=10000',
  '--max-inlined-bytecode-size=1000',
];

/**
 * Measured, both ways interleaved: up to so many requests it does not pay (170 000 of `darc` with a system five times
 * over: 2.3 s of processor time against 1.0), nor ever for the loop of a system, which is larger than anything that can
 * be inlined.
 */
const PAYS_FROM_REQUESTS = 2e6;

/**
 * To be called before the simulator is loaded: code that is compiled already stays as it is. The flags hold for the
 * whole process, and are never taken back.
 */
export function setEngineFlags(inlineAll: boolean): void {
  for (const flag of inlineAll ? [...ALWAYS, ...INLINE_ALL] : ALWAYS) setFlagsFromString(flag);
}

/** Does it pay to have everything inlined for this run? */
export function wantsInlining({ system, end }: Pick<RunSpec, 'system' | 'end'>): boolean {
  return system === undefined && (!('requests' in end) || end.requests >= PAYS_FROM_REQUESTS);
}
