/**
 * psp as a library: simulate scheduling policies from a program.
 *
 * Nothing here writes to the standard streams, ends the process or leaves threads behind. Everything that is wrong with
 * what was passed is an {@link InputError} that names the field; what the machine cannot do is an
 * {@link EnvironmentError}.
 *
 * @module psp
 */

export type { Capacity, CapacityEntry, Judgement, Probe, SloVerdict } from '../results/capacity-schema.js';
export type { ComparedRun, ComparedType, ComparedValue, Comparison } from '../results/comparison.js';
export type { Judged, MissingValue, Outcome } from '../results/outcome-schema.js';
export type { Point } from '../results/point.js';
export type {
  DistributionSummary,
  Interval,
  Manifest,
  Percentile,
  ReachedPrecision,
  ReservationEntry,
  Result,
  ResultSlice,
  Statistic,
  TypeResult,
  WarmupRule,
} from '../results/result.js';
export type { ParameterSpec, Parameters, Policy } from '../scheduler/policy.js';
export { policies } from '../scheduler/policy-registry.js';
export { EnvironmentError, InputError, type InputIssue } from '../units/errors.js';
export type { Workload } from '../workload/workload.js';
export {
  compareResults as compare,
  findPolicyCapacity as capacity,
  parseWorkloadText as parseWorkload,
  simulatePolicies as simulate,
  sweepPolicies as sweep,
} from './in-node.js';
export type {
  CapacityArguments,
  CompareArguments,
  PolicyChoice,
  PolicyWithParameters,
  RunArguments,
  SimulateArguments,
  SweepArguments,
  SweepResult,
  WantedPrecision,
  WatchArguments,
} from './options.js';
