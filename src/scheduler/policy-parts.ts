/**
 * What a policy is made of: everything that `psp/policy` gives the file of a policy.
 *
 * @module psp/policy
 */

export { InputError } from '../units/errors.js';
export {
  definePolicy,
  knownDemand,
  type ParameterSpec,
  type Parameters,
  type Policy,
  type PolicyCosts,
  PREEMPTION_COST,
  type QueuePlace,
  quantum,
  queueLimit,
} from './policy.js';
export { Queues, TimedQueues } from './queues.js';
export { RequestHeap } from './request-heap.js';
export * from './scheduler.js';
export { ServiceProfile } from './service-profile.js';
export { TypedScheduler } from './typed-scheduler.js';
export { WorkerSet } from './worker-set.js';
