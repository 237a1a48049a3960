/** Checks what a policy from a file says of itself: the compiler has not seen it. */

import { describeValue, type ParameterSpec, type Policy, parseParameter } from '../scheduler/policy.js';
import { policies } from '../scheduler/policy-registry.js';
import { InputError } from '../units/errors.js';

const TEXTS = ['name', 'title', 'summary', 'reference'] as const;
const FLAGS = ['needsTypes', 'needsFlows', 'preemptive', 'workConserving', 'clairvoyant', 'fifoWithinType'] as const;
const KINDS: readonly string[] = ['integer', 'number', 'duration', 'limit', 'choice', 'flag', 'text'];
const WORD = /^[a-z][a-z0-9-]*$/;

/**
 * @param placeOf where a field is, for the message
 * @throws InputError at the first field that is wrong
 */
export function checkMetadata(policy: Policy, placeOf: (field: string) => string): void {
  const expect = (field: string, fits: boolean, expected: string): void => {
    if (!fits) throw new InputError(`${placeOf(field)}: ${field}: expected ${expected}`);
  };
  const given = policy as unknown as Readonly<Record<string, unknown>>;
  const found = (field: string) => `, found ${JSON.stringify(given[field]) ?? 'nothing'}`;
  for (const field of TEXTS) expect(field, typeof given[field] === 'string', `a text${found(field)}`);
  for (const field of FLAGS) expect(field, typeof given[field] === 'boolean', `true or false${found(field)}`);
  const { name, queues, sharing, costs, create } = policy;
  expect('name', WORD.test(name), `a name of lower-case letters, digits and dashes${found('name')}`);
  expect('name', !policies.some((own) => own.name === name), `a name of its own: psp has a policy '${name}'`);
  expect('queues', ['central', 'worker', 'dealt'].includes(queues), `central, worker or dealt${found('queues')}`);
  expect('sharing', sharing === undefined || sharing === true, `true or no such field${found('sharing')}`);
  expect('create', typeof create === 'function', 'a function');
  expect('costs', costs === undefined || typeof costs === 'function', 'a function or no such field');
  expect('parameters', Array.isArray(policy.parameters), `a list${found('parameters')}`);
  expect(
    'preemptive',
    !(sharing && policy.preemptive),
    'false beside sharing: true, because what shares all workers takes nothing off one',
  );
  expect(
    'fifoWithinType',
    !(sharing && policy.fifoWithinType),
    'false beside sharing: true, because all requests run at once',
  );
  expect(
    'sharing',
    !sharing || policy.clairvoyant,
    'no such field without clairvoyant: true, because only the simulator can share a worker',
  );
  const keys = new Set<unknown>();
  for (const spec of policy.parameters) {
    checkParameter(policy, spec, (fits, expected) => expect('parameters', fits, `${expected} (${spec?.key})`));
    expect('parameters', !keys.has(spec.key), `each key once, found ${spec.key} twice`);
    keys.add(spec.key);
  }
}

function checkParameter(policy: Policy, spec: ParameterSpec, expect: (fits: boolean, expected: string) => void): void {
  expect(typeof spec === 'object' && spec !== null && WORD.test(spec.key), 'keys of lower-case letters and digits');
  expect(KINDS.includes(spec.kind), `a kind of ${KINDS.join(', ')}, found ${JSON.stringify(spec.kind)}`);
  expect(typeof spec.help === 'string', 'a help text');
  expect(spec.min === undefined || spec.max === undefined || spec.min <= spec.max, 'min of at most max');
  const type = spec.kind === 'flag' ? 'boolean' : spec.kind === 'text' || spec.kind === 'choice' ? 'string' : 'number';
  expect(typeof spec.default === type, `a default that is a ${type}, found ${JSON.stringify(spec.default)}`);
  if (spec.kind === 'choice') expect(Array.isArray(spec.choices) && spec.choices.length > 0, 'choices');
  if (spec.kind === 'text') return;
  try {
    parseParameter(policy, spec, describeValue(spec, spec.default));
  } catch (error) {
    expect(false, `a default that may be typed: ${(error as Error).message}`);
  }
}
