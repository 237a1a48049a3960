/** Runs the bundle of a policy's file, at once: a dispatcher's thread cannot wait. */

import { SourceMap } from 'node:module';
import { compileFunction, runInNewContext } from 'node:vm';
import type { Policy } from '../scheduler/policy.js';
import * as parts from '../scheduler/policy-parts.js';
import { type PolicyCode, parsePolicy, type TypedPolicy } from '../scheduler/policy-registry.js';
import { InputError } from '../units/errors.js';
import { codeOf, mapOf, PARTS, sha256 } from './bundle-policy.js';
import { checkMetadata } from './check-metadata.js';
import { lineOfField, namingFault, placeIn, registerSource, type Source } from './policy-faults.js';

/** Code that only defines a policy is loaded in milliseconds. */
const MOST_LOAD_MS = 5000;

const loaded = new Map<string, readonly Policy[]>();

/**
 * A policy that came from another thread, process or machine.
 *
 * @param text as it was typed
 * @param code of the file that it names
 * @throws InputError
 */
export function receivePolicy(text: string, code?: PolicyCode): TypedPolicy {
  return code ? parsePolicy(text, () => ({ code, policies: loadPolicies(code) })) : parsePolicy(text);
}

/**
 * The policies that a bundle exports. The same code gives the same objects, so that V8 compiles it once.
 *
 * @throws InputError when it is not what its hash says, exports no policy, or one that contradicts itself
 */
export function loadPolicies(code: PolicyCode): readonly Policy[] {
  const known = loaded.get(code.sha256);
  if (known) return known;
  const text = codeOf(code);
  if (sha256(text) !== code.sha256) {
    throw new InputError(`${code.file}: its code is not that of its hash ${code.sha256.slice(0, 12)}`);
  }
  const source = registerSource(code, new SourceMap(JSON.parse(mapOf(code))));
  const definedAt = new Map<unknown, number>();
  const exported = evaluate(text, source, definedAt);
  const policies = [...new Set(Object.values(exported))].filter(isPolicy);
  if (policies.length === 0) {
    const found = typeof exported.default === 'function' ? 'a class or a function' : 'none';
    throw new InputError(`${code.file}: expected a policy as default export, made with definePolicy; found ${found}`);
  }
  for (const policy of policies) {
    const line = definedAt.get(policy) ?? 1;
    checkMetadata(policy, (field) => lineOfField(source, line, field));
  }
  const names = policies.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`${code.file}: exports two policies with the name '${twice}'`);
  loaded.set(code.sha256, policies);
  return policies;
}

function evaluate(text: string, source: Source, definedAt: Map<unknown, number>): Record<string, unknown> {
  const definePolicy: typeof parts.definePolicy = (policy) => {
    definedAt.set(policy, placeIn(new Error().stack, source)?.line ?? 1);
    return parts.definePolicy(policy);
  };
  const given = { ...parts, definePolicy };
  const module = { exports: {} };
  const load = (name: string) => {
    if (name === PARTS) return given;
    throw new InputError(`${source.file}: cannot import '${name}': a policy uses nothing of Node`);
  };
  namingFault(() => {
    const run = compileFunction(text, ['module', 'exports', 'require'], { filename: source.id });
    endInTime(source, () => run(module, module.exports, load));
  });
  return module.exports;
}

/** Only code that is called from a script can be given a limit of time. */
function endInTime({ file }: Source, run: () => void): void {
  try {
    runInNewContext('run()', { run }, { timeout: MOST_LOAD_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new InputError(`${file}: expected code that is loaded within ${MOST_LOAD_MS / 1000} s, found a loop`);
  }
}

function isPolicy(value: unknown): value is Policy {
  return typeof value === 'object' && value !== null && ('create' in value || 'queues' in value);
}
