import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../src/results/result.js';
import { policyText, writePolicy } from '../policy-files/policy-texts.js';
import { psp, pspHere, QUICK, scratchFolder, simulate } from './psp.js';

const folder = scratchFolder();
const here = { cwd: folder };
const changed = (from: string, to: string) => policyText({ change: (text) => text.replace(from, to) });
/** Throws at a completion in the middle of the run. */
const THROWS = changed('idle.add(worker);', 'idle.add(worker); if (this.setup.now[0]! > 1e7) nothing.x();');

beforeAll(() => {
  writePolicy(join(folder, 'keep.ts'));
  writePolicy(join(folder, 'throws.ts'), THROWS);
  writePolicy(
    join(folder, 'loses.ts'),
    changed('this.queue.push(FIRST, request)', 'if (request !== 3) this.queue.push(FIRST, request)'),
  );
  const name = (text: string) => text.replace("'keep',\n  title", "'lossy',\n  title");
  writePolicy(join(folder, 'lossy.ts'), name(readFileSync(join(folder, 'loses.ts'), 'utf8')));
  writePolicy(join(folder, 'other/keep.ts'), changed('lowest();', 'lowest() + 0;'));
});

describe('psp sim with the file of a policy', () => {
  it('decides as the same policy of psp does, in a thread, and says whose code it was', async () => {
    const [keep, own] = await simulate([...QUICK, '--policy', './keep.ts:keep=2,c-fcfs'], here);
    expect(keep!.digest).toBe(own!.digest);
    expect(keep).toMatchObject({ policy: 'keep', policyParameters: { keep: 2 }, policyDefaults: { keep: 1 } });
    expect(keep!.manifest.policyCode).toEqual({ file: './keep.ts', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(own!.manifest.policyCode).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('names it in the table with the parameters that differ', async () => {
    const { out, err } = await psp(['sim', ...QUICK, '--policy', './keep.ts:keep=2', '--policy', 'c-fcfs'], here);
    expect(err).toBe('');
    expect(out).toContain('\n  keep:keep=2 ');
  });

  it('tells changed code by the hash of the configuration', async () => {
    const [one] = await simulate([...QUICK, '--policy', './keep.ts'], here);
    const [other] = await simulate([...QUICK, '--policy', './other/keep.ts'], here);
    expect(other!.manifest.configHash).not.toBe(one!.manifest.configHash);
  });

  it('names the line at which it throws, not psp', async () => {
    const { code, out, err } = await psp(['sim', ...QUICK, '--policy', './throws.ts'], here);
    expect(err).toMatch(/^psp: \.\/throws\.ts:21:\d+: ReferenceError: nothing is not defined$/);
    expect(out).toBe('');
    expect(code).toBe(1);
  });

  it('names the file of what throws no Error, and refuses what throws while it is made', async () => {
    writePolicy(join(folder, 'text.ts'), changed('this.idle.add(worker);', "throw 'a text';"));
    const text = await psp(['sim', ...QUICK, '--policy', './text.ts'], here);
    expect(text.err).toBe('psp: ./text.ts: threw a text: expected an Error, whose line is then named');
    expect(text.code).toBe(1);
    writePolicy(join(folder, 'made.ts'), changed('super();', 'super(); null!.x;'));
    const made = await psp(['sim', ...QUICK, '--policy', './made.ts'], here);
    expect(made.err).toMatch(/^psp: \.\/made\.ts:11:\d+: TypeError: /);
    expect(made.code).toBe(2);
  });

  it('says that it lost requests, with exit code 1', async () => {
    const { code, err } = await psp(['sim', ...QUICK, '--policy', './loses.ts'], here);
    expect(err).toContain('psp: lost: keep: ');
    expect(code).toBe(1);
  });

  it.each([
    ['./nix.ts', '--policy: ./nix.ts: expected the file of a policy, found none'],
    ['./keep.ts:kep', "--policy: ./keep.ts: keep: unknown parameter 'kep': did you mean 'keep'? It takes keep"],
    [
      './keep.ts,./other/keep.ts',
      "./keep.ts, ./other/keep.ts: both have the name 'keep': expected another name in one",
    ],
    ['pkg:psp-none', '--policy: pkg:psp-none: expected an installed package, found none: npm install psp-none'],
  ])('%s is refused in one line', async (policy, message) => {
    expect(await psp(['sim', ...QUICK, '--policy', policy], here)).toEqual({
      code: 2,
      out: '',
      err: `psp: ${message}`,
    });
  });

  it('knows the policies of a configuration by name, relative to its file', async () => {
    writeFileSync(
      join(folder, 'other/sim.yaml'),
      'policies: [../keep.ts]\npolicy: [keep:keep=3, ../keep.ts, c-fcfs]\n',
    );
    const results = await simulate(['--config', 'other/sim.yaml', ...QUICK], here);
    expect(results.map(({ policyParameters }) => policyParameters.keep)).toEqual([3, 1, undefined]);
  });

  it('is known by name on the command line beside a configuration', async () => {
    writeFileSync(join(folder, 'other/known.yaml'), 'policies: [../keep.ts]\npolicy: c-fcfs\n');
    const results = await simulate(['--policy', 'keep:keep=4', '--config', 'other/known.yaml', ...QUICK], here);
    expect(results.map(({ policyParameters }) => policyParameters)).toEqual([{ keep: 4 }]);
  });

  it('is told in the file of a configuration what is wrong, at its place', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'policy: keep\npolicies:\n  - ./nix.ts\n');
    const { code, err } = await psp(['sim', '--config', 'wrong.yaml', ...QUICK], here);
    expect(err).toContain('psp: wrong.yaml:3:5: policies: ./nix.ts: expected the file of a policy, found none');
    expect(code).toBe(2);
  });
});

it('a sweep runs again what changed code makes new, and only that', async () => {
  const args = ['sweep', ...QUICK, '--policy', 'c-fcfs,./swept.ts:keep=1,2', '--out', 'swept'];
  writePolicy(join(folder, 'swept.ts'));
  expect((await psp(args, here)).out).toContain('3 points: 3 run\n');
  expect((await psp(args, here)).out).toContain('3 points: 0 run, 3 were there already');
  writePolicy(join(folder, 'swept.ts'), changed('lowest();', 'lowest() + 0;'));
  expect((await psp(args, here)).out).toContain('3 points: 2 run, 1 were there already');
  const labels = readFileSync(join(folder, 'swept/results.csv'), 'utf8');
  expect(labels).toContain('keep:keep=2');
});

it('an experiment knows the policies of its files by name', async () => {
  writeFileSync(
    join(folder, 'experiment.yaml'),
    'policies: ./keep.ts\nworkload: bimodal\nrequests: 20k\n' +
      'series:\n  - policy: keep\n  - policy: { name: keep, keep: 2:3:1 }\n',
  );
  const { out, err } = await psp(['sweep', 'experiment.yaml', '--out', 'experiment'], here);
  expect(err).toBe('');
  expect(out).toContain('3 points: 3 run\n');
  const other = await psp(['sweep', 'experiment.yaml', '--policy', 'keep:keep=7,8', '--out', 'instead'], here);
  expect(other.err).toBe('');
  expect(readFileSync(join(folder, 'instead/results.csv'), 'utf8')).toContain('keep:keep=7');
});

it('psp policies lists those of a file, with parameters', async () => {
  const { code, out } = await psp(['policies', './keep.ts'], here);
  expect(out).toContain('Keep: one queue for all requests');
  expect(out).toContain('Parameters follow the name: keep:keep=1');
  expect(code).toBe(0);
});

describe('every other command that names a policy', { timeout: 60_000 }, () => {
  const said = async (...args: string[]) => {
    const { code, out, err } = await pspHere(args, folder);
    return { code, text: `${out}${err}`.replace(/\s+/g, ' ') };
  };

  it('capacity, timelines, compare, sweeps and their report pages', async () => {
    const capacity = await said(
      ...['capacity', '--workload', 'bimodal', '--requests', '5k', '--max-replications', '1'],
      ...['--policy', './keep.ts:keep=2', '--slo', 'p99 slowdown <= 20'],
    );
    expect(capacity).toMatchObject({ code: 0, text: expect.stringMatching(/keep:keep=2 \d+k\/s/) });
    const sim = ['sim', '--workload', 'bimodal', '--requests', '5k', '--policy', './keep.ts:keep=2'];
    const drawn = await said(...sim, '--timeline', 'keep.svg', '--json', 'keep.json');
    expect(drawn.code, drawn.text).toBe(0);
    expect(readFileSync(join(folder, 'keep.svg'), 'utf8')).toContain('keep');
    const compared = await said('compare', 'keep.json', 'keep.json');
    expect(compared).toMatchObject({ code: 0, text: expect.stringContaining('keep:keep=2') });
    const swept = await said('sweep', ...sim.slice(1), '--out', 'paged');
    expect(swept.code, swept.text).toBe(0);
    expect(await said('report', 'paged')).toMatchObject({ code: 0, text: expect.stringContaining('1 point') });
    expect(readFileSync(join(folder, 'paged/report.html'), 'utf8')).toContain('keep:keep=2');
  });

  it('figures of experiments, and systems, each relative to its own file', async () => {
    writeFileSync(
      join(folder, 'other/figure-1.yaml'),
      'policies: [../keep.ts]\nworkload: bimodal\nrequests: 2k\nload: 0.3\npolicy: [keep:keep=2, ../keep.ts]\n',
    );
    const figure = await said('figure', '1', '--experiments', 'other', '--out', 'figures');
    expect(figure.code, figure.text).toBe(0);
    const points = readFileSync(join(folder, 'figures/results.csv'), 'utf8');
    expect(points).toContain('keep:keep=2');
    const system = 'name: mine\npolicy: ../keep.ts:keep=2\nworkloads: { bimodal: ./keep.ts:keep=3 }\n';
    writeFileSync(join(folder, 'other/mine.yaml'), system);
    const args = ['--workload', 'bimodal', '--requests', '2k', '--system', 'other/mine.yaml', '--json', 'mine.json'];
    const simulated = await said('sim', ...args);
    expect(simulated.code, simulated.text).toBe(0);
    const [result] = JSON.parse(readFileSync(join(folder, 'mine.json'), 'utf8')) as Result[];
    expect(result).toMatchObject({
      policyParameters: { keep: 3 },
      manifest: { policyCode: { file: './other/keep.ts' } },
    });
  });

  it('say in which line a policy throws, and that one lost requests, with exit code 1', async () => {
    const sweep = ['sweep', '--workload', 'bimodal', '--requests', '20k', '--policy'];
    const failed = await said(...sweep, 'c-fcfs,./throws.ts,./lossy.ts:keep=2', '--out', 'faulty');
    expect(failed.text).toMatch(
      /failed: cd faulty && psp sim [^:]*\/throws\.ts [^:]*: \.\/throws\.ts:21:\d+: ReferenceError/,
    );
    expect(failed.text).toMatch(
      /lost: cd faulty && psp sim .*\/lossy\.ts:keep=2 .*: The policy never finished 1 of 20000 requests/,
    );
    expect(failed.text).toContain('3 points: 2 run, 1 failed');
    expect(failed.code).toBe(1);
    const searched = await said('capacity', ...sweep.slice(1), './throws.ts', '--slo', 'p99 slowdown <= 20');
    expect(searched).toMatchObject({ code: 1, text: expect.stringMatching(/^psp: \.\/throws\.ts:21:\d+: /) });
  });
});

describe('psp replay', () => {
  it('asks for the file, refuses other code, and shows where that parts', async () => {
    const file = writePolicy(join(folder, 'recorded.ts'));
    await simulate([...QUICK, '--policy', './recorded.ts', '--record', 'run.events'], here);
    const bare = await psp(['replay', 'run.events'], here);
    expect(bare.err).toBe(
      'psp: run.events: recorded under ./recorded.ts: expected the file of that policy, found none: add --policy FILE',
    );
    const same = await psp(['replay', 'run.events', '--policy', './recorded.ts'], here);
    expect(same.out).toContain('0 differences');
    expect(same.code).toBe(0);
    // Now the highest-numbered worker first.
    const other = changed(
      'const worker = this.idle.lowest();',
      'let worker = -1; for (let w = 13; w >= 0 && worker < 0; w--) if (this.idle.has(w)) worker = w;',
    );
    writePolicy(file, other);
    const refused = await psp(['replay', 'run.events', '--policy', './recorded.ts'], here);
    expect(refused.err).toContain('the code of ./recorded.ts has changed since it was recorded: expected ');
    expect(refused.code).toBe(2);
    const anyway = await psp(['replay', 'run.events', '--policy', './recorded.ts', '--anyway'], here);
    expect(anyway.out).toContain('then a difference');
    expect(anyway.code).toBe(1);
  });
});

it('results of a file have their hash in every replication', async () => {
  const results = await simulate([...QUICK, '--policy', './keep.ts', '--replications', '2'], here);
  expect((results as Result[])[0]!.manifest.policyCode?.file).toBe('./keep.ts');
});
