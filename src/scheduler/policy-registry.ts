import { InputError } from '../units/errors.js';
import { splitList } from '../units/lists.js';
import { unknownName } from '../units/nearest.js';
import { cFcfs } from './policies/c-fcfs.js';
import { dFcfs } from './policies/d-fcfs.js';
import { dFcfsSteal } from './policies/d-fcfs-steal.js';
import { darc } from './policies/darc.js';
import { darcStatic } from './policies/darc-static.js';
import { darcTs } from './policies/darc-ts.js';
import { edf } from './policies/edf.js';
import { fixedPriority } from './policies/fixed-priority.js';
import { jbsq } from './policies/jbsq.js';
import { las } from './policies/las.js';
import { po2 } from './policies/po2.js';
import { ps } from './policies/ps.js';
import { sjf } from './policies/sjf.js';
import { sjfOracle } from './policies/sjf-oracle.js';
import { srpt } from './policies/srpt.js';
import { tq } from './policies/tq.js';
import { ts, tsMq } from './policies/ts.js';
import { defaultParameters, describeValue, fieldOf, type Parameters, type Policy, parseParameter } from './policy.js';

/**
 * Every policy. To add one, write its file and add its line here. The command line and the property tests find it by
 * themselves.
 */
export const policies: readonly Policy[] = [
  dFcfs,
  dFcfsSteal,
  po2,
  cFcfs,
  sjf,
  fixedPriority,
  edf,
  darc,
  darcStatic,
  darcTs,
  ts,
  tsMq,
  jbsq,
  tq,
  las,
  ps,
  srpt,
  sjfOracle,
];

/** A policy with a value for each of its parameters. */
export interface ChosenPolicy {
  readonly policy: Policy;
  readonly parameters: Parameters;
}

/** A policy that was read from text. */
export interface TypedPolicy extends ChosenPolicy {
  /** As typed: `darc`, `ts:quantum=5us:cost=1us`. */
  readonly text: string;
}

/**
 * The policy of a name.
 *
 * @throws InputError that suggests the nearest name.
 */
export function policyNamed(name: string): Policy {
  const found = policies.find((policy) => policy.name === name);
  if (found) return found;
  const names = policies.map((policy) => policy.name);
  throw new InputError(unknownName('policy', name, names));
}

/**
 * Reads a policy as it is typed: `darc`, `darc:oracle`, `ts:quantum=5us:cost=1us`.
 *
 * @throws InputError that names the policy or parameter, what was found and what was expected.
 */
export function parsePolicy(text: string): TypedPolicy {
  const [name = '', ...settings] = partsOf(text);
  const policy = policyNamed(name);
  const parameters: Record<string, number | string | boolean> = { ...defaultParameters(policy) };
  const seen = new Set<string>();
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const key = at < 0 ? setting : setting.slice(0, at);
    const spec = policy.parameters.find((parameter) => parameter.key === key);
    if (!spec) throw new InputError(unknownParameter(policy, key));
    if (seen.has(key)) throw new InputError(`${policy.name}: ${key}: given twice in '${text}'`);
    seen.add(key);
    parameters[fieldOf(spec)] = parseParameter(policy, spec, at < 0 ? undefined : setting.slice(at + 1));
  }
  return { text, policy, parameters };
}

function partsOf(text: string): string[] {
  try {
    return splitList(text, ':');
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

/** A chosen policy as a person would type it, with only the parameters that differ from the defaults. */
export function describePolicy({ policy, parameters }: ChosenPolicy): string {
  const settings = policy.parameters
    .filter((spec) => parameters[fieldOf(spec)] !== spec.default)
    .map((spec) =>
      spec.kind === 'flag' ? spec.key : `${spec.key}=${describeValue(spec, parameters[fieldOf(spec)]!)}`,
    );
  return [policy.name, ...settings].join(':');
}

function unknownParameter(policy: Policy, key: string): string {
  const keys = policy.parameters.map((parameter) => parameter.key);
  if (keys.length === 0) return `${policy.name}: takes no parameters, found '${key}'`;
  return `${policy.name}: ${unknownName('parameter', key, keys, 'it takes')}`;
}

/** Does the policy look at the flow of a request as it is configured? */
export function usesFlows({ policy, parameters }: ChosenPolicy): boolean {
  return policy.needsFlows && (parameters.steering === undefined || parameters.steering === 'hash');
}
