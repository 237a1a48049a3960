import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatCase, parseCase } from '../../src/check/check-case.js';
import type { Result } from '../../src/results/result.js';
import { psp, pspHere, QUICK, scratchFolder, timeless } from './psp.js';

const folder = scratchFolder();
const check = (...args: string[]) => psp(['check', ...args], { cwd: folder });

/** What a report says, in one line. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

beforeAll(async () => {
  expect(await pspHere(['new', 'policy', 'short-first'], folder)).toEqual({
    code: 0,
    err: '',
    out:
      'Wrote short-first.ts and short-first.test.mjs. To run:\n' +
      '  npx psp check ./short-first.ts\n' +
      '  npx psp sim --workload bimodal --policy ./short-first.ts,c-fcfs\n' +
      '  node --test short-first.test.mjs',
  });
});

/** The new policy with a mistake. */
function broken(name: string, from: string, to: string): string {
  const text = readFileSync(join(folder, 'short-first.ts'), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(folder, `${name}.ts`), text.replace(from, to));
  return `./${name}.ts`;
}

const EXPECTED_NAME =
  'the name of a policy: expected lower-case letters, digits and dashes, from a letter on, such as short-first, found';

describe('psp new policy', () => {
  it.each([
    ['short-first', 'short-first.ts: is there already: expected a new file'],
    ['darc', "psp has a policy 'darc': expected another name"],
    ['../x', `${EXPECTED_NAME} '../x'`],
    ['Keep', `${EXPECTED_NAME} 'Keep'`],
  ])('%s is refused', async (name, message) => {
    expect(await pspHere(['new', 'policy', name], folder)).toEqual({ code: 2, out: '', err: `psp: ${message}` });
  });

  it('writes a policy that keeps its promises and is simulated', { timeout: 60_000 }, async () => {
    const { code, out, err } = await psp(['check', './short-first.ts', '--runs', '30'], { cwd: folder });
    expect(err).toBe('');
    expect(flat(out)).toMatch(
      /^short-first keeps its promises: \d+ random workloads with \d+ requests.*, 0\.0 bytes allocated per request, 2000 requests over the dispatcher's rings\.$/,
    );
    expect(code).toBe(0);
    const sim = await psp(['sim', '--workload', 'bimodal', '--requests', '20k', '--policy', './short-first.ts'], {
      cwd: folder,
    });
    expect(sim.code).toBe(0);
  });
});

describe('psp check', { timeout: 60_000 }, () => {
  it.each([
    [
      'busy',
      'this.idle.delete(worker);',
      '',
      /\(one at a time\): at .* worker \d+ was given request \d+ while it still ran request \d+\./,
    ],
    ['types', 'needsTypes: true', 'needsTypes: false', /\(needsTypes: false\): request \d+ completed on worker/],
    ['conserving', 'workConserving: false', 'workConserving: true', /worker 0 was left idle while request \d+ waited/],
    ['newest', 'queues.push(', 'queues.unshift(', /\(FIFO within a type\): at .* and is of the same type\./],
    ['chance', 'mayUseAll = false', 'mayUseAll = Math.random() < 0.5', /\(deterministic\): request/],
    [
      'clairvoyant',
      'this.waiting++;',
      'this.waiting += 1 + 0 * this.setup.demandNs![0]!;',
      /threw at \.\/clairvoyant\.ts:\d+:\d+: TypeError/,
    ],
    [
      'elsewhere',
      'world.start(worker,',
      'world.start(worker + 100,',
      /\(workers\): at .* worker 10\d was given request \d+, but there are/,
    ],
  ])('%s: tells of a broken promise in a paragraph, with a command that shows it again', async (...given) => {
    const [name, from, to, story] = given;
    const file = broken(name, from, to);
    const { code, out } = await check(file);
    expect(flat(out)).toMatch(/^short-first breaks a promise \(/);
    expect(flat(out)).toMatch(story);
    expect(code).toBe(1);
    const [again] = /psp check .*$/.exec(out)!;
    expect(again).toMatch(/ --case seed=\d+/);
    // What is left to chance tells another story each time.
    if (name === 'chance') return;
    const second = await check(...again.split(' ').slice(2));
    expect(second).toEqual({ code: 1, err: '', out });
  });

  it('says which call does not return, in which case, and ends', async () => {
    const file = broken('endless', 'this.waiting++;', 'this.waiting++; while (request === 2);');
    const { code, out } = await check(file, '--runs', '5');
    expect(flat(out)).toMatch(
      /^short-first breaks a promise \(every call returns\): arrive\(\) did not return within 5 s\. Workload: \d+ requests /,
    );
    expect(out).toMatch(/psp check \.\/endless\.ts --case seed=\d+/);
    expect(code).toBe(1);
  });

  it('measures what a policy allocates per request', async () => {
    const file = broken(
      'allocates',
      'this.waiting++;',
      'this.waiting++; (this as { last?: object }).last = [request];',
    );
    const { code, out } = await check(file, '--runs', '5');
    expect(flat(out)).toMatch(/\(no allocation\): it allocates \d+ bytes per request/);
    expect(code).toBe(1);
  });

  it('checks psp’s own, and several, and writes JSON', async () => {
    const { code, out } = await check('c-fcfs', 'ts:quantum=2us', '--runs', '5', '--json', '-', '--seed', '3');
    const reports = JSON.parse(out) as object[];
    expect(reports).toMatchObject([
      { policy: 'c-fcfs', ok: true, ringRequests: 2000 },
      { policy: 'ts', ok: true },
    ]);
    expect(code).toBe(0);
  });

  it.each([
    [['c-fcfs', '--runs', '0'], "--runs: expected a whole number from 1 to 1000000, found '0'"],
    [['c-fcfs', '--case', 'sed=1'], "--case: unknown part of a case 'sed': did you mean 'seed'? There are "],
    [['c-fcfs', '--case', 'workers=0'], "--case: workers: expected a number from 1 to 1024, found '0'"],
    [
      ['c-fcfs', '--case', 'seed=1', '--runs', '2'],
      '--case is one workload: expected neither --seed nor --runs beside it',
    ],
    [['dark'], "unknown policy 'dark': did you mean 'darc'?"],
    [['./nix.ts'], './nix.ts: expected the file of a policy, found none'],
    [['darc-static:reserved=2', '--case', 'workers=1'], 'darc-static: reserved: expected fewer than the 1 workers'],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await check(...args);
    const begin = `psp: ${message}`;
    expect(err.slice(0, begin.length)).toBe(begin);
    expect(code).toBe(2);
  });
});

describe('psp sim --referee', () => {
  const sim = (policy: string, ...args: string[]) =>
    psp(['sim', ...QUICK, '--policy', policy, '--json', '-', ...args], { cwd: folder });

  it('changes no decision', async () => {
    const policies = './short-first.ts,darc,ts,po2';
    const [plain, watched] = await Promise.all([sim(policies), sim(policies, '--referee')]);
    expect(watched.code).toBe(0);
    const results = (out: string) => (JSON.parse(out) as Result[]).map(timeless);
    expect(results(watched.out)).toEqual(results(plain.out));
  });

  it('tells of a broken promise, with exit code 1, and gives the results of the others', async () => {
    const file = broken('watched', 'this.idle.delete(worker);', '');
    const { code, out, err } = await sim(`c-fcfs,${file}`, '--referee');
    expect(err).toMatch(
      /psp: short-first breaks a promise \(one at a time\): at \S+ us worker \d+ was given request \d+ while it still ran/,
    );
    expect((JSON.parse(out) as Result[]).map(({ policy }) => policy)).toEqual(['c-fcfs']);
    expect(code).toBe(1);
  });

  it('watches with the costs of a system, too', async () => {
    const { code, err } = await sim('ts', '--referee', '--system', 'shinjuku');
    expect(err).not.toContain('breaks');
    expect(code).toBe(0);
  });

  it('watches one run', async () => {
    const { code, err } = await sim('c-fcfs', '--referee', '--replications', '2');
    expect(err).toBe('psp: a referee watches one run: expected no replications beside --referee');
    expect(code).toBe(2);
  });
});

it('a case is read as it is written', () => {
  const text = 'seed=7:types=2:workers=4:load=0.9:requests=12:tick=100:silent=1:costs=5:vary:deadlines';
  expect(formatCase(parseCase(text))).toBe(text);
  expect(formatCase(parseCase('seed=0'))).toBe('seed=0');
});
