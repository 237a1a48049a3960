import { setFlagsFromString } from 'node:v8';
import type { RunSpec } from '../plan/run-spec.js';

/**
 * Flags for V8 that make the simulation loop faster (Node 20, V8 11). They change nothing but the speed.
 *
 * The loop is one long-running function. V8 11 replaces its code while it runs, by code that is slower, and keeps that
 * for good once it has been deoptimised. Without on-stack replacement, the next call runs the fully optimised function.
 */
const ALWAYS = ['--no-use-osr'];
/**
 * The loop calls the policy, the event list and the recorder. Each is small, but together they exceed what V8 inlines
 * into one function by default. Inlining makes a run of ten million requests 10 to 50 % faster, but costs a second of
 * compilation, many times what a short run takes.
 */
const INLINE_ALL = [
  '--max-inlined-bytecode-size-cumulative=12000',
  '--max-inlined-bytecode-size-absolute=20000',
  '--max-inlined-bytecode-size=1000',
  // `simulate` is larger than this. It would be compiled with the loop in it, for nothing: it is called once.
  '--max-optimized-bytecode-size=1300',
  // V8 compiles a little later than by default, when it has seen more: half of what it compiled before was thrown away.
  '--interrupt-budget=300000',
  '--max-bytecode-size-for-early-opt=0',
];

/**
 * Up to this many requests inlining does not pay, and it never pays for the loop of a system, which is too large to be
 * inlined (170 000 requests of `darc` with a system, five times: 2.3 s of processor time with inlining, 1.0 s without).
 */
const PAYS_FROM_REQUESTS = 2e6;

/**
 * Call it before the simulator is loaded: code that is compiled already stays as it is. The flags hold for the whole
 * process and are never taken back.
 */
export function setEngineFlags(inlineAll: boolean): void {
  for (const flag of inlineAll ? [...ALWAYS, ...INLINE_ALL] : ALWAYS) setFlagsFromString(flag);
}

/** Does inlining pay for this run? */
export function wantsInlining({ system, end }: Pick<RunSpec, 'system' | 'end'>): boolean {
  return system === undefined && (!('requests' in end) || end.requests >= PAYS_FROM_REQUESTS);
}

/**
 * Can a simulation of this run be played again? Not with a system, nor when it is recorded, and not under a policy from
 * a file, which may keep what it learns in variables of functions.
 */
export function isReusable({ system, record, policy }: RunSpec): boolean {
  return system === undefined && record === undefined && policy.code === undefined;
}
