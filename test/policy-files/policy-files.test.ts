import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundlePolicy } from '../../src/policy-files/bundle-policy.js';
import { loadPolicies, receivePolicy } from '../../src/policy-files/load-policies.js';
import { allowPolicyFiles } from '../../src/policy-files/open-policies.js';
import { policyFault } from '../../src/policy-files/policy-faults.js';
import { hashSources, policyHash } from '../../src/policy-files/policy-hashes.js';
import { isPolicyFile, parsePolicy, policies, policyNamed } from '../../src/scheduler/policy-registry.js';
import { ROOT, scratchFolder } from '../cli/psp.js';
import { policyText, writePolicy } from './policy-texts.js';

const folder = scratchFolder();
let files = 0;

function written(change?: (text: string) => string, name = 'keep'): string {
  return writePolicy(join(folder, String(++files), 'keep.ts'), policyText({ name, ...(change && { change }) }));
}

function mistake(text: string, file = written(() => text)): string {
  try {
    loadPolicies(bundlePolicy(file));
  } catch (error) {
    expect((error as Error).name).toBe('InputError');
    return (error as Error).message.replace(file, 'keep.ts');
  }
  return 'none';
}

describe('a bundle', () => {
  it('is known by what its code does, wherever it lies and however it is commented', () => {
    const one = bundlePolicy(written());
    const same = bundlePolicy(written((text) => `// A comment.\n\n${text}`));
    const other = bundlePolicy(written((text) => text.replace('lowest()', 'lowest() + 0')));
    expect(same.sha256).toBe(one.sha256);
    expect(other.sha256).not.toBe(one.sha256);
  });

  it('has what the file imports in its hash', () => {
    const file = written();
    const before = bundlePolicy(file).sha256;
    writeFileSync(join(file, '../first.ts'), 'export const FIRST = 0 * 1;\n');
    expect(bundlePolicy(file).sha256).not.toBe(before);
  });

  it('gives the same policy wherever it is loaded, and refuses code that is not that of its hash', () => {
    const code = bundlePolicy(written());
    const [policy] = loadPolicies(code);
    expect(policy?.name).toBe('keep');
    expect(loadPolicies({ ...code })[0]).toBe(policy);
    expect(receivePolicy('./elsewhere.ts:keep=2', code).parameters).toEqual({ keep: 2 });
    const forged = { ...code, sha256: 'f'.repeat(64) };
    expect(() => loadPolicies(forged)).toThrow(`${code.file}: its code is not that of its hash ffffffffffff`);
  });

  it('of a package is found from the working directory', () => {
    const at = join(ROOT, 'node_modules/psp-test-policy');
    const file = written();
    onTestFinished(() => rmSync(at, { recursive: true, force: true }));
    mkdirSync(at, { recursive: true });
    cpSync(join(file, '..'), at, { recursive: true });
    writeFileSync(join(at, 'package.json'), '{ "name": "psp-test-policy", "exports": "./keep.ts" }');
    expect(loadPolicies(bundlePolicy('pkg:psp-test-policy'))[0]?.name).toBe('keep');
    expect(() => bundlePolicy('pkg:psp-no-such-policy')).toThrow(
      'pkg:psp-no-such-policy: expected an installed package, found none: npm install psp-no-such-policy',
    );
  });
});

describe('a text that names a file', () => {
  allowPolicyFiles();

  it.each(['./keep.ts', '../keep.mjs:keep=2', 'keep.js', 'a/b', 'pkg:name:keep=2', '"./a:b.ts":keep=2'])(
    '%s is one',
    (text) => expect(isPolicyFile(text)).toBe(true),
  );
  it.each(['darc', 'ts:quantum=5us', 'darc-static:reserved=1'])('%s is none', (text) =>
    expect(isPolicyFile(text)).toBe(false),
  );

  it('may say which of several policies, with parameters', () => {
    const file = written((text) =>
      `${text}export const other = definePolicy({ ...all, name: 'other' });\n`
        .replace('export default definePolicy<{ keep: number }>({', 'const all = {')
        .replace(
          /\}\);\nexport const other/,
          '} as const;\nexport default definePolicy(all as never);\nexport const other',
        )
        .replace('{ ...all,', '{ ...(all as never as object),'),
    );
    expect(parsePolicy(`${file}:other:keep=3`)).toMatchObject({ policy: { name: 'other' }, parameters: { keep: 3 } });
    expect(() => parsePolicy(`${file}:keep=3`)).toThrow(`exports several policies: expected one of ${file}:`);
  });

  it('is refused with the file and what it takes when a parameter is unknown', () => {
    const file = written();
    expect(() => parsePolicy(`${file}:kep=3`)).toThrow(
      `${file}: keep: unknown parameter 'kep': did you mean 'keep'? It takes keep`,
    );
  });
});

describe('a file that is no policy is refused at its line', { timeout: 30_000 }, () => {
  const sound = policyText();
  it.each([
    ['does not parse', 'const x = ;', 'keep.ts:1:11: Unexpected ";"'],
    [
      'exports nothing',
      'const x = 1;',
      'keep.ts: expected a policy as default export, made with definePolicy; found none',
    ],
    ['uses Node', "import 'node:fs';", "keep.ts:1:8: cannot import 'node:fs': a policy uses nothing of Node"],
    [
      'imports nothing',
      "import './nix.js';",
      "keep.ts:1:8: cannot import './nix.js': there is no such file or package",
    ],
    ['throws', 'const x = 1;\nnull.x;', "keep.ts:2:6: TypeError: Cannot read properties of null (reading 'x')"],
    [
      'exports a class',
      'export default class Keep {}',
      'keep.ts: expected a policy as default export, made with definePolicy; found a class or a function',
    ],
    ['awaits', 'await 1;', 'keep.ts:1:1: a policy is loaded at once: expected no await here'],
    ['never ends', 'for (;;) {}', 'keep.ts: expected code that is loaded within 5 s, found a loop'],
    [
      'imports more of psp',
      "import { x } from 'psp/testing';\nx();",
      "keep.ts:1:19: cannot import 'psp/testing': a policy imports only 'psp/policy' of psp",
    ],
    [
      'has a taken name',
      sound.replace("'keep'", "'darc'"),
      "keep.ts:39: name: expected a name of its own: psp has a policy 'darc'",
    ],
    [
      'has a wrong field',
      sound.replace('preemptive: false', "preemptive: 'no'"),
      'keep.ts:45: preemptive: expected true or false, found "no"',
    ],
    [
      'contradicts itself',
      sound.replace("'central',", "'central', sharing: true,"),
      'keep.ts:48: fifoWithinType: expected false beside sharing: true, because all requests run at once',
    ],
    [
      'has a wrong default',
      sound.replace('default: 1', 'default: -1'),
      'keep.ts:50: parameters: expected a default that may be typed: ' +
        "keep: keep: expected an integer from 0, found '-1' (keep)",
    ],
  ])('%s', (_, text, message) => expect(mistake(text)).toBe(message));

  it('is not there', () => {
    expect(mistake('', join(folder, 'nix.ts'))).toBe('keep.ts: expected the file of a policy, found none');
  });
});

it('an error inside a policy names its own line, also in a file that it imports', () => {
  const file = written((text) => text.replace('FIRST, request', 'FIRST.nix.x, request'));
  const [policy] = loadPolicies(bundlePolicy(file));
  const scheduler = policy!.create({ workers: 1 } as never, {});
  let error: unknown;
  try {
    scheduler.arrive(0, 0, 0);
  } catch (thrown) {
    error = policyFault(thrown);
  }
  expect(String(error)).toContain(`${file}:17:31: TypeError: Cannot read properties of undefined (reading 'x')`);
  expect(policyFault(new Error('of psp'))).toBeUndefined();
});

it("each of psp's own policies has a hash, which changes with what it imports", () => {
  const hashes = policies.map((policy) => policyHash({ policy }));
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  const copy = join(folder, 'src/scheduler');
  cpSync(join(ROOT, 'src/scheduler'), copy, { recursive: true });
  cpSync(join(ROOT, 'src/units'), join(folder, 'src/units'), { recursive: true });
  expect(hashSources(copy)['c-fcfs']).toBe(policyHash({ policy: policyNamed('c-fcfs') }));
  writeFileSync(join(copy, 'queues.ts'), '\nexport const more = 1;', { flag: 'a' });
  writeFileSync(join(copy, 'policies/c-fcfs.ts'), '\nconsole.log("changed");', { flag: 'a' });
  const changed = hashSources(copy);
  expect(changed['c-fcfs']).not.toBe(policyHash({ policy: policyNamed('c-fcfs') }));
  expect(changed.darc).toBe(policyHash({ policy: policyNamed('darc') }));
});
