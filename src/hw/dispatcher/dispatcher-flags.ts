import { setFlagsFromString } from 'node:v8';

/**
 * V8 inlines less than loop, policy and queues together by default; with these flags a request takes an eighth less
 * time, under `sept`, the largest policy, too. (The simulator also switches on-stack replacement off. Here it never
 * happens, because the loop is cut into calls of microseconds.)
 */
const FLAGS = ['--max-inlined-bytecode-size-cumulative=4000', '--max-inlined-bytecode-size=1000'];

/** To be called in the dispatcher's thread before it warms up. The flags hold for the whole process. */
export function setDispatcherFlags(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
