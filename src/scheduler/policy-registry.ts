import { InputError } from '../units/errors.js';
import { splitList, unquoted } from '../units/lists.js';
import { unknownName } from '../units/nearest.js';
import { boost } from './policies/boost.js';
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
import { nudge } from './policies/nudge.js';
import { po2 } from './policies/po2.js';
import { ps } from './policies/ps.js';
import { sept } from './policies/sept.js';
import { septNp } from './policies/sept-np.js';
import { sjf } from './policies/sjf.js';
import { sjfOracle } from './policies/sjf-oracle.js';
import { srpt } from './policies/srpt.js';
import { stealTs } from './policies/steal-ts.js';
import { tq } from './policies/tq.js';
import { ts, tsMq } from './policies/ts.js';
import {
  defaultParameters,
  describeValue,
  fieldOf,
  type Parameters,
  type Policy,
  parseParameter,
  plainParameters,
} from './policy.js';

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
  nudge,
  boost,
  darc,
  darcStatic,
  darcTs,
  ts,
  tsMq,
  jbsq,
  stealTs,
  tq,
  las,
  sept,
  septNp,
  ps,
  srpt,
  sjfOracle,
];

/** The code of policies from a file: plain data, which goes wherever a run goes. */
export interface PolicyCode {
  /** As it was named: `./keep.ts`, `pkg:name`. */
  readonly file: string;
  readonly sha256: string;
  /** One CommonJS module with all that it imports, and a source map. */
  readonly text: string;
}

/** The policies of a file. */
export interface PolicyFile {
  readonly code: PolicyCode;
  readonly policies: readonly Policy[];
}

/** A policy with a value for each of its parameters. */
export interface ChosenPolicy {
  readonly policy: Policy;
  readonly parameters: Parameters;
  /** Absent: one of psp's own. */
  readonly code?: PolicyCode;
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

/** This room uses nothing of Node: who can read files sets this. */
let openFile = (file: string): PolicyFile => {
  throw new InputError(`${file}: policies are not read from files here`);
};

export function openPolicyFilesWith(open: typeof openFile): void {
  openFile = open;
}

/** The file that a policy is named by, with the number of parts that name it; undefined for a name. */
function fileIn([first = '', second = '']: readonly string[]): { file: string; parts: number } | undefined {
  if (first === 'pkg') return { file: `pkg:${second}`, parts: 2 };
  const file = unquoted(first);
  return file.includes('/') || /\.m?[jt]s$/.test(file) ? { file, parts: 1 } : undefined;
}

/** Does the text name a policy by its file or package? */
export function isPolicyFile(text: string): boolean {
  return policyFileOf(text) !== undefined;
}

/** The file or package that a text names a policy by, without parameters; undefined for a name. */
export function policyFileOf(text: string): string | undefined {
  return fileIn(partsOf(text))?.file;
}

/** The policies that a text names: one by name, or all of a file. @throws InputError */
export function policiesNamed(text: string): readonly Policy[] {
  const parts = partsOf(text);
  const named = fileIn(parts);
  return named && parts.length === named.parts ? openFile(named.file).policies : [parsePolicy(text).policy];
}

/**
 * Reads a policy as it is typed: `darc`, `darc:oracle`, `ts:quantum=5us:cost=1us`; `./keep.ts:keep=2`, or with its
 * name where a file has several, `./several.ts:keep:keep=2`.
 *
 * @param open gives the policies of a file
 * @throws InputError that names the policy or parameter, what was found and what was expected.
 */
export function parsePolicy(text: string, open = openFile): TypedPolicy {
  const parts = partsOf(text);
  const named = fileIn(parts);
  if (!named) return { text, ...withParameters(policyNamed(parts[0]!), parts.slice(1), text) };
  const { file, parts: count } = named;
  const { code, policies: there } = open(file);
  const rest = parts.slice(count);
  const chosen = there.find(({ name }) => name === rest[0]);
  if (!chosen && there.length > 1) {
    const each = there.map(({ name }) => `${file}:${name}`).join(', ');
    throw new InputError(`${file}: exports several policies: expected one of ${each}, found '${text}'`);
  }
  try {
    return { text, code, ...withParameters(chosen ?? there[0]!, chosen ? rest.slice(1) : rest, text) };
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${file}: ${error.message}`) : error;
  }
}

function withParameters(policy: Policy, settings: readonly string[], text: string): ChosenPolicy {
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
  return { policy, parameters };
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

/** What a result says of the defaults of a policy from a file: its readers may not have the file. */
export function defaultsOf({ policy, code }: Pick<ChosenPolicy, 'policy' | 'code'>) {
  return code && { policyDefaults: plainParameters(defaultParameters(policy)) };
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
