import { readdirSync, readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { eraseTypes } from '../../src/lab/page/erase-types.js';
import { policyOfCode } from '../../src/lab/policy-of-code.js';
import { newPolicyFiles } from '../../src/policy-files/new-policy.js';

const TEMPLATE = newPolicyFiles('mine')['mine.ts']!;
const POLICIES = new URL('../../src/scheduler/policies/', import.meta.url);

/** As esbuild understands it, without spaces and comments. */
const essence = (code: string) => transformSync(code, { loader: 'js', minifyWhitespace: true }).code;

describe('types become spaces', () => {
  it.each(readdirSync(POLICIES))('%s is what esbuild makes of it', (name) => {
    // Imports of a policy of psp are not those of the page: leave them out on both sides.
    const text = readFileSync(new URL(name, POLICIES), 'utf8').replace(/^import [\s\S]*?;\n/gm, '');
    const { code, faults } = eraseTypes(text);
    expect(faults).toEqual([]);
    expect(code.split('\n')).toHaveLength(text.split('\n').length);
    const erased = transformSync(text.replace(/^export (default )?/gm, ''), {
      loader: 'ts',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
    }).code;
    // The two set fields in other places: what the code does is compared, in any order.
    const done = (js: string) =>
      essence(js)
        .replace(/this\.\w+=\w+;/g, '')
        .match(/[\w.]+\(|[-+*/<>=!&|]+|return|while|for|if/g)!
        .sort();
    expect(done(code)).toEqual(done(erased));
  });

  it('the template makes a policy', () => {
    const { code, faults } = eraseTypes(TEMPLATE);
    expect(faults).toEqual([]);
    expect(policyOfCode(code)).toMatchObject({ name: 'mine', parameters: [{ key: 'keep' }] });
    expect(policyOfCode(code)).toBe(policyOfCode(code));
  });
});

it.each([
  ['enum A { B }', 'enum is not erased here'],
  ["import { readFileSync } from 'node:fs';", "cannot import 'node:fs'"],
  ["import psp from 'psp/policy';", 'expected import {'],
  ['class A { f() { return ; ', 'something is missing here'],
])('%s is a fault with its place', (text, message) => {
  const { code, faults } = eraseTypes(text);
  expect(code).toBe('');
  expect(faults[0]!.message).toContain(message);
  expect(faults[0]!.to).toBeGreaterThan(faults[0]!.from);
});

it('code without a policy, and one that contradicts itself, is refused', () => {
  expect(() => policyOfCode('const x = 1;')).toThrow('expected a policy as default export');
  const wrong = eraseTypes(TEMPLATE.replace("queues: 'central'", "queues: 'here'")).code;
  expect(() => policyOfCode(wrong)).toThrow('queues: expected central, worker or dealt');
  const taken = eraseTypes(TEMPLATE.replace("name: 'mine'", "name: 'darc'")).code;
  expect(() => policyOfCode(taken)).toThrow("psp has a policy 'darc'");
});
