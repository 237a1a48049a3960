/** Reads a system file. configs/systems/ and docs/systems.md describe the form. */

import { type Checker, show } from '../input/checker.js';
import { anything, duration, name, number, optional, prose, text } from '../input/fields.js';
import { readChecked } from '../input/read-checked.js';
import { parsePolicy, policyNamed } from '../scheduler/policy-registry.js';
import { lookUp } from '../units/names.js';
import { readQuantiles as readEmpirical } from '../workload/distributions/empirical.js';
import {
  CONSTANTS,
  type ConstantSpec,
  constantName,
  NO_COSTS,
  type Spread,
  type SystemCosts,
  VARYING,
} from './costs.js';

/** A modelled system: a policy and what the mechanisms around it cost. */
export interface System {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The policy as typed. */
  readonly policy: string;
  /** The policy on workloads where it differs, by the workload's name. */
  readonly workloads: Readonly<Record<string, string>>;
  /** What the file states, in the order of {@link CONSTANTS}. */
  readonly constants: readonly SystemConstant[];
  readonly costs: SystemCosts;
  /** Where and when the constants were measured, when they were. */
  readonly measured?: MeasuredOn;
}

/** How and where constants were measured. With another dilation, machine or policy they differ. */
export interface MeasuredOn {
  readonly machine?: string;
  readonly date?: string;
  /** Times were stretched by this factor. */
  readonly dilation?: number;
  readonly workers?: number;
  /** As typed. */
  readonly policy?: string;
  readonly workload?: string;
  readonly load?: number;
  /**
   * What the delays are made of, by names such as `wire.reply`. For people only: the model charges the whole delays.
   */
  readonly parts?: Readonly<Record<string, Stated>>;
  /** How long threads are busy, in real time, by names such as `dispatcher.darc`. For people only. */
  readonly work?: Readonly<Record<string, Stated>>;
}

/** A time and what is known of it. */
export interface Stated {
  readonly ns: number;
  readonly source?: string;
  /** Standard deviation of one measurement, ns. */
  readonly sdNs?: number;
  /** 95 % confidence interval of the value, ns. */
  readonly ci95Ns?: readonly [number, number];
  readonly samples?: number;
}

export interface SystemConstant extends Stated {
  readonly spec: ConstantSpec;
  /** How it varies, [probability, ns]. */
  readonly quantiles?: Spread[keyof Spread];
  /** Under policies with another cost, whole ns. */
  readonly policies?: Readonly<Record<string, number>>;
}

type FindPolicy = (policy: string) => string;

const SECTIONS = [...new Set(CONSTANTS.map(({ section }) => section))];

/**
 * Reads a system from the text of its YAML file.
 *
 * @param fileName what to call the file in messages
 * @param find gives a policy, as it is typed in the file, as it is typed here
 * @throws InputError with everything that is wrong, in the order of the file
 */
export function parseSystem(yaml: string, fileName: string, find = (policy: string) => policy): System {
  return readChecked(yaml, fileName, (value, checker) => readSystem(value, checker, find));
}

/** The policy of a system on a workload, as typed. */
export function policyOf(system: System, workload: string): string {
  return lookUp(system.workloads, workload) ?? system.policy;
}

function readSystem(value: unknown, checker: Checker, find: FindPolicy): System | undefined {
  const fields = checker.fields(
    {
      name,
      title: optional(text),
      description: optional(prose),
      policy: text,
      workloads: anything,
      queues: optional(text),
      measured: anything,
      ...Object.fromEntries(SECTIONS.map((section) => [section, anything])),
    },
    value,
  ) as Record<string, unknown> | undefined;
  if (!fields) return undefined;
  const readPolicy = (policy: unknown, at: Checker) => findPolicy(policy, at, find);
  const policy = fields.policy === undefined ? undefined : readPolicy(fields.policy, checker.at('policy'));
  const each = 'a map from the names of workloads to policies';
  const workloads = readEach(fields.workloads, checker.at('workloads'), each, readPolicy) ?? {};
  const constants = SECTIONS.flatMap((section) => readSection(section, fields[section], checker.at(section)));
  for (const { spec } of constants) {
    if (spec.needs === undefined || constants.some((each) => each.spec.field === spec.needs)) continue;
    checker
      .at(spec.section)
      .at(spec.key)
      .refuse(`expected ${constantName(spec.needs)} beside it, found none`);
  }
  const measured = fields.measured === undefined ? undefined : readMeasured(fields.measured, checker.at('measured'));
  const { queues = 'workers' } = fields;
  if (queues !== 'workers' && queues !== 'dispatcher') {
    checker.at('queues').refuse(`expected workers or dispatcher, found ${show(queues)}`);
  }
  if (fields.name === undefined || policy === undefined) return undefined;
  const called = fields.name as string;
  return {
    name: called,
    title: (fields.title as string | undefined) ?? called,
    description: (fields.description as string | undefined)?.trim() ?? '',
    policy,
    workloads,
    constants,
    costs: { ...costsOf(constants), ...(queues === 'dispatcher' && { dispatcherQueues: true as const }) },
    ...(measured && { measured: { ...measured, ...(measured.policy && { policy: find(measured.policy) }) } }),
  };
}

function readMeasured(value: unknown, checker: Checker): MeasuredOn | undefined {
  const fields = checker.map(
    {
      machine: optional(text),
      date: anything,
      dilation: optional(number('a factor from 1 on', { min: 1 })),
      workers: optional(number('a whole number of workers above 0', { min: 1 })),
      policy: optional(text),
      workload: optional(text),
      load: optional(number('a load above 0', { min: 0 })),
      parts: anything,
      work: anything,
    },
    value,
  );
  if (!fields) return undefined;
  const { date, parts, work, ...stated } = fields;
  const known = Object.entries({
    ...stated,
    ...(date !== undefined && { date: String(date) }),
    parts: readEach(parts, checker.at('parts'), 'a map from what was measured to its time', readStated),
    work: readEach(work, checker.at('work'), 'a map from what was measured to its time', readStated),
  });
  return Object.fromEntries(known.filter(([, field]) => field !== undefined));
}

function costsOf(constants: readonly SystemConstant[]): SystemCosts {
  const dispatch = constants.find(({ spec }) => spec.field === 'dispatchNs');
  const varying = constants.filter(({ quantiles }) => quantiles);
  return {
    ...NO_COSTS,
    ...Object.fromEntries(constants.map(({ spec, ns }) => [spec.field, ns])),
    ...(dispatch?.policies && { dispatchNsUnder: dispatch.policies }),
    ...(varying.length > 0 && {
      spread: Object.fromEntries(varying.map(({ spec, quantiles }) => [spec.field, quantiles])),
    }),
  };
}

function findPolicy(value: unknown, checker: Checker, find: FindPolicy): string | undefined {
  const typed = checker.value(text, value);
  if (typed === undefined) return undefined;
  try {
    const policy = find(typed);
    if (!parsePolicy(policy).policy.sharing) return policy;
    checker.refuse(`${policy}: shares all workers, and no system can do that`);
  } catch (error) {
    checker.refuse((error as Error).message);
  }
  return undefined;
}

function readSection(section: string, value: unknown, checker: Checker): SystemConstant[] {
  if (value === undefined || value === null) return [];
  const specs = CONSTANTS.filter((spec) => spec.section === section);
  const given = checker.fields(Object.fromEntries(specs.map(({ key }) => [key, anything])), value) ?? {};
  return specs.flatMap((spec) => {
    const constant =
      given[spec.key] === undefined ? undefined : readConstant(spec, given[spec.key], checker.at(spec.key));
    return constant ? [constant] : [];
  });
}

const samples = number('a whole number of samples above 0', { min: 1 });

const STATED = {
  time: duration,
  source: optional(prose),
  sd: optional(duration),
  ci95: anything,
  samples: optional(samples),
};

/** A duration, or a map with the duration as `time` and what is known of it. */
function readConstant(spec: ConstantSpec, value: unknown, checker: Checker): SystemConstant | undefined {
  if (!isMap(value)) {
    const ns = checker.value(duration, value);
    return ns === undefined ? undefined : { spec, ns: Math.round(ns) };
  }
  const fields = checker.map({ ...STATED, quantiles: anything, policies: anything }, value);
  if (!fields) return undefined;
  const quantiles =
    fields.quantiles === undefined ? undefined : readQuantiles(spec, fields.quantiles, checker.at('quantiles'));
  const policies =
    fields.policies === undefined ? undefined : readPolicies(spec, fields.policies, checker.at('policies'));
  const stated = statedOf(fields, checker);
  return {
    spec,
    ...stated,
    ns: Math.round(stated.ns),
    ...(quantiles && { quantiles }),
    ...(policies && { policies }),
  };
}

function readStated(value: unknown, checker: Checker): Stated | undefined {
  if (isMap(value)) {
    const fields = checker.map(STATED, value);
    return fields && statedOf(fields, checker);
  }
  const ns = checker.value(duration, value);
  return ns === undefined ? undefined : { ns };
}

function statedOf(
  fields: {
    time: number;
    source?: string | undefined;
    sd?: number | undefined;
    ci95?: unknown;
    samples?: number | undefined;
  },
  checker: Checker,
): Stated {
  const ci95Ns = fields.ci95 === undefined ? undefined : readInterval(fields.ci95, checker.at('ci95'));
  return {
    ns: fields.time,
    ...(fields.source !== undefined && { source: fields.source.trim().replace(/\s+/g, ' ') }),
    ...(fields.sd !== undefined && { sdNs: fields.sd }),
    ...(ci95Ns && { ci95Ns }),
    ...(fields.samples !== undefined && { samples: fields.samples }),
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A map with any keys; undefined when there is none. */
function readEach<T>(
  value: unknown,
  checker: Checker,
  expected: string,
  read: (value: unknown, checker: Checker) => T | undefined,
): Record<string, T> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isMap(value)) return checker.refuse(`expected ${expected}, found ${show(value)}`);
  const found = new Map<string, T>();
  for (const [key, item] of Object.entries(value)) {
    const each = read(item, checker.at(key));
    if (each !== undefined) found.set(key, each);
  }
  return Object.fromEntries(found);
}

function readPolicies(spec: ConstantSpec, value: unknown, checker: Checker): SystemConstant['policies'] {
  if (spec.field !== 'dispatchNs') return checker.refuse('expected no policies: only dispatcher.dispatch has them');
  const policies = readEach(value, checker, 'a map from policies to durations', (item, at) => {
    const ns = at.value(duration, item);
    return ns === undefined ? undefined : Math.round(ns);
  });
  for (const policy of Object.keys(policies ?? {})) {
    try {
      policyNamed(policy);
    } catch (error) {
      checker.at(policy).refuse((error as Error).message, true);
    }
  }
  return policies;
}

function readQuantiles(spec: ConstantSpec, value: unknown, checker: Checker): SystemConstant['quantiles'] {
  if (!(VARYING as readonly string[]).includes(spec.field)) {
    const names = CONSTANTS.filter(({ field }) => (VARYING as readonly string[]).includes(field));
    const list = names.map(({ section, key }) => `${section}.${key}`).join(', ');
    return checker.refuse(`expected no quantiles: only ${list} may vary`);
  }
  return readEmpirical(value, checker);
}

function readInterval(value: unknown, checker: Checker): readonly [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) {
    return checker.refuse(`expected a list of two durations, from and to, found ${show(value)}`);
  }
  const [from, to] = value.map((item, i) => checker.at(i).value(duration, item));
  if (from === undefined || to === undefined) return undefined;
  return from <= to ? [from, to] : checker.refuse(`expected from and to in this order, found ${value.join(' and ')}`);
}
