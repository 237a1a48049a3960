import { exactDuration, formatDuration, parseDuration } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import type { Scheduler, SchedulerSetup, TrueProfile } from './scheduler.js';

/**
 * Where a worker's next request comes from:
 * - `central`: the dispatcher hands it over once the worker is free.
 * - `worker`: the worker takes it from its own queue, where the dispatcher put it on arrival, or from a neighbour's.
 * - `dealt`: the worker takes it from one of a few places of its own, which the dispatcher fills from a central queue
 *   when it hears that one is free.
 */
export type QueuePlace = 'central' | 'worker' | 'dealt';

/**
 * A policy: its name, what it promises, its parameters, and how to make a scheduler of it. The command line, the
 * property tests and both worlds read only this.
 */
export interface Policy<P extends Parameters = Parameters> {
  /** The name on the command line, lower case with dashes. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** Paper and section the algorithm is from. */
  readonly reference: string;
  /** Does it use the request type? */
  readonly needsTypes: boolean;
  /** Does it use the flow label? */
  readonly needsFlows: boolean;
  /** Can it take a request off a worker before it is done? */
  readonly preemptive: boolean;
  /** Is no worker ever idle while a request waits? */
  readonly workConserving: boolean;
  /** Does it know the remaining service demand? Such a policy runs only in the simulator, as a bound. */
  readonly clairvoyant: boolean;
  /** Do requests of one type start in the order of their arrival? */
  readonly fifoWithinType: boolean;
  readonly queues: QueuePlace;
  /** Do all requests present run at once, each at a fraction of a worker's speed? See `completeAt` of the interface. */
  readonly sharing?: true;
  readonly parameters: readonly ParameterSpec[];
  /**
   * Makes a scheduler.
   *
   * @throws InputError when the parameters do not fit the setup (more reserved workers than there are, an unknown type
   *   name).
   */
  create(setup: SchedulerSetup, parameters: P): Scheduler;
  /**
   * What the simulator charges for preemptions and steals; absent: nothing. On a real machine they cost what they cost.
   */
  costs?(parameters: P): PolicyCosts;
}

export interface PolicyCosts {
  /** Worker time lost per preemption, ns. */
  readonly preemptionNs?: number;
  /** Worker time lost per steal, ns. */
  readonly stealNs?: number;
}

/** Parameter values by field name; durations are in ns and their field name ends in `Ns`. */
export type Parameters = Readonly<Record<string, number | string | boolean>>;

export interface ParameterSpec {
  /** The name on the command line. */
  readonly key: string;
  /**
   * `limit` is a positive integer or the word `unbounded` (Infinity); `flag` is true when its bare name is given.
   */
  readonly kind: 'integer' | 'number' | 'duration' | 'limit' | 'choice' | 'flag' | 'text';
  readonly default: number | string | boolean;
  readonly help: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

/** Checks at compile time that a policy's definition fits its type of parameters. */
export function definePolicy<P extends Parameters>(policy: Policy<P>): Policy {
  return policy as unknown as Policy;
}

/** The parameter of every policy with bounded queues. */
export function queueLimit(defaultLimit: number): ParameterSpec {
  return {
    key: 'queue',
    kind: 'limit',
    default: defaultLimit,
    min: 1,
    help: 'most requests in one queue; more are dropped and counted',
  };
}

/** The parameter `quantum` of preemptive policies, in ns. A recording keeps slices in 32 bits. */
export function quantum(defaultNs: number, help: string): ParameterSpec {
  return { key: 'quantum', kind: 'duration', min: 1, max: 2 ** 31 - 1, default: defaultNs, help };
}

/** The parameter `cost` of preemptive policies, in ns. */
export const PREEMPTION_COST: ParameterSpec = {
  key: 'cost',
  kind: 'duration',
  min: 0,
  default: 1_000,
  help: 'worker time lost per preemption, in the simulator',
};

/** The parameter `declared` of policies that learn how long the types are. */
export const DECLARED: ParameterSpec = {
  key: 'declared',
  kind: 'flag',
  default: false,
  help: 'start from the means and ratios that the workload’s file states, on a real machine, too',
};

/**
 * What the workload states of its types, for policies with the parameter `oracle` or `declared`.
 *
 * @throws InputError where the world does not know it
 */
export function statedProfile({ trueProfile }: SchedulerSetup, policy: string): TrueProfile {
  if (trueProfile) return trueProfile;
  throw new InputError(`${policy}: oracle, declared: the means and ratios of this workload are not known`);
}

/**
 * The cell with the demand of the request that arrives, for clairvoyant policies.
 *
 * @throws InputError where the world does not know it
 */
export function knownDemand(setup: SchedulerSetup): Float64Array {
  if (!setup.demandNs) throw new InputError('the service demand of a request is known in the simulator only');
  return setup.demandNs;
}

/** Name under which a parameter's value is stored: `quantum` of kind duration becomes `quantumNs`. */
export function fieldOf(spec: ParameterSpec): string {
  return spec.kind === 'duration' ? `${spec.key}Ns` : spec.key;
}

export function defaultParameters(policy: Policy): Parameters {
  return Object.fromEntries(policy.parameters.map((spec) => [fieldOf(spec), spec.default]));
}

/** The longest duration of a parameter that does not state its own: longer ones are mistakes in the unit. */
const MOST_NS = 3600e9;

function mostOf({ kind, max }: ParameterSpec): number | undefined {
  return max ?? (kind === 'duration' ? MOST_NS : undefined);
}

/**
 * Parses the text of one parameter.
 *
 * @throws InputError that says what was found and what was expected.
 */
export function parseParameter(
  policy: Policy,
  spec: ParameterSpec,
  text: string | undefined,
): number | string | boolean {
  const fail = (expected: string): never => {
    throw new InputError(`${policy.name}: ${spec.key}: expected ${expected}, found '${text ?? ''}'`);
  };
  if (spec.kind === 'flag') {
    if (text === undefined || text === 'true') return true;
    return text === 'false' ? false : fail('no value (or true, false)');
  }
  if (text === undefined || text === '') return fail(`a value (${spec.key}=${describeValue(spec, spec.default)})`);
  switch (spec.kind) {
    case 'choice':
      return spec.choices!.includes(text) ? text : fail(spec.choices!.join(' or '));
    case 'text':
      return text;
    case 'duration': {
      let ns: number;
      try {
        ns = Math.round(parseDuration(text));
      } catch (error) {
        throw new InputError(`${policy.name}: ${spec.key}: ${(error as Error).message}`);
      }
      return inRange(ns) ? ns : fail(`a duration ${rangeOf(spec)}`);
    }
    case 'limit': {
      if (text === 'unbounded') return Number.POSITIVE_INFINITY;
      const limit = Number(text);
      return Number.isInteger(limit) && inRange(limit) ? limit : fail(`'unbounded' or an integer ${rangeOf(spec)}`);
    }
    default: {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      const fits = spec.kind === 'integer' ? Number.isInteger(value) : Number.isFinite(value);
      return fits && inRange(value)
        ? value
        : fail(`${spec.kind === 'integer' ? 'an integer' : 'a number'} ${rangeOf(spec)}`);
    }
  }

  function inRange(value: number): boolean {
    return value >= (spec.min ?? Number.NEGATIVE_INFINITY) && value <= (mostOf(spec) ?? Number.POSITIVE_INFINITY);
  }
}

/** The values that a parameter may have: `from 1 to 64`; empty when it has no limits. */
export function rangeOf(spec: ParameterSpec): string {
  const { kind, min } = spec;
  const max = mostOf(spec);
  const format = kind === 'duration' ? formatDuration : String;
  return [min !== undefined && `from ${format(min)}`, max !== undefined && `to ${format(max)}`]
    .filter(Boolean)
    .join(' ');
}

/** A parameter's value as it would be typed. */
export function describeValue(spec: ParameterSpec, value: number | string | boolean): string {
  if (spec.kind === 'duration') return exactDuration(value as number);
  if (value === Number.POSITIVE_INFINITY) return 'unbounded';
  return String(value);
}

/** Parameters as JSON can hold them: a limit of Infinity becomes the word `unbounded`. */
export function plainParameters(parameters: Parameters): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, value === Number.POSITIVE_INFINITY ? 'unbounded' : value]),
  );
}

/**
 * The inverse of {@link plainParameters}; parameters that are not given have their defaults.
 *
 * @throws InputError when the policy has no such parameter, or the value is impossible
 */
export function parametersFromPlain(policy: Policy, plain: Parameters): Parameters {
  const given = Object.entries(plain).map(([key, value]) => {
    const spec = policy.parameters.find((each) => fieldOf(each) === key);
    if (!spec) throw new InputError(`${policy.name}: has no parameter ${key}`);
    // Some defaults cannot be typed: '' stands for what a policy finds out by itself.
    if (value === spec.default) return [key, value];
    return [key, parseParameter(policy, spec, spec.kind === 'duration' ? `${value}ns` : String(value))];
  });
  return { ...defaultParameters(policy), ...Object.fromEntries(given) };
}
