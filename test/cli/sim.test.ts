import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { precisionReached } from '../../src/cli/commands/sim.js';
import type { Result } from '../../src/results/result.js';
import { MAIN, psp, QUICK, scratchFolder, simulate, timeless } from './psp.js';

const folder = scratchFolder();

/** 5000 requests, one every 10 us, every tenth of them long: 12.7 us of work on average, 1.27 workers busy. */
function traceCsv(): string {
  const lines = Array.from({ length: 5000 }, (_, i) => `${i * 10_000},${i % 10 === 0 ? 'LONG,100000' : 'SHORT,3000'}`);
  return `arrival_ns,type,service_ns\n${lines.join('\n')}\n`;
}

describe('psp sim', () => {
  test('compares the usual four policies in a table', async () => {
    const { code, out, err } = await psp(['sim', '--workload', 'bimodal', '--requests', '1M']);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(
      /^High Bimodal · 14 workers · load 0\.8 = 222k\/s · 1M requests ·\n4\.\d+ s of simulated time · warm-up \d+ % · seed 1\n/,
    );
    for (const section of ['SHORT', 'LONG', 'all requests']) {
      const rows = new RegExp(`^${section}\\n  d-fcfs .*\\n  c-fcfs .*\\n  ts .*\\n  darc .*\\n`, 'm');
      expect(out).toMatch(rows);
    }
    expect(out).toMatch(/^darc .*SHORT 1 \| LONG 13\n +\(since \d+ms\)$/m);
    expect(out).toMatch(/darc kept 1 of 14 workers for SHORT/);
    expect(out).not.toContain('\u001b');
    expect(out.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  test('--json - writes nothing but JSON to stdout, and the table to stderr', async () => {
    const { code, out, err } = await psp(['sim', ...QUICK, '--policy', 'c-fcfs,sjf', '--json', '-']);
    expect(code).toBe(0);
    const results = JSON.parse(out) as Result[];
    expect(results.map((result) => [result.schema, result.policy, result.requests])).toEqual([
      ['psp.result/1', 'c-fcfs', 20_000],
      ['psp.result/1', 'sjf', 20_000],
    ]);
    expect(err).toContain('High Bimodal · 14 workers');
  });

  test('--json FILE writes the same to a file, and the table to stdout', async () => {
    const file = join(folder, 'results.json');
    const { out } = await psp(['sim', ...QUICK, '--policy', 'c-fcfs', '--json', file]);
    const [result] = JSON.parse(readFileSync(file, 'utf8')) as Result[];
    const [other] = await simulate([...QUICK, '--policy', 'c-fcfs']);
    expect(timeless(result!)).toEqual(timeless(other!));
    expect(out).toContain('High Bimodal');
  });

  test('the result says where it came from', async () => {
    const [result] = await simulate([...QUICK, '--policy', 'ts:quantum=20us']);
    expect(result!.policyParameters).toMatchObject({ quantumNs: 20_000, costNs: 1000, queue: 'unbounded' });
    expect(result!.manifest).toMatchObject({
      version: '0.1.0',
      node: process.version,
      configHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    expect([null, 'string']).toContain(result!.manifest.commit === null ? null : typeof result!.manifest.commit);
  });

  test('equal arguments give equal results, another seed does not', async () => {
    const args = [...QUICK, '--policy', 'd-fcfs-steal,darc'];
    const [first, second, other] = await Promise.all([
      simulate(args),
      simulate(args),
      simulate([...args, '--seed', '2']),
    ]);
    expect(first.map(timeless)).toEqual(second.map(timeless));
    expect(other[0]!.digest).not.toBe(first[0]!.digest);
    expect(other[0]!.manifest.configHash).not.toBe(first[0]!.manifest.configHash);
  });

  test('--policy may be repeated, and takes parameters', async () => {
    const results = await simulate([...QUICK, '--policy', 'c-fcfs,darc-static:reserved=2', '--policy', 'ts:cost=0ns']);
    expect(results.map(({ policy }) => policy)).toEqual(['c-fcfs', 'darc-static', 'ts']);
    expect(results[1]!.reservations.at(-1)!.groups.map(({ workers }) => workers.length)).toEqual([2, 12]);
    expect(results[2]!.overhead).toBe(0);
  });

  test('--rate, --workers, --duration, --seed and --warmup do what they say', async () => {
    const args = ['--rate', '100krps', '--workers', '8', '--duration', '200ms', '--seed', 'x', '--warmup', '0.5'];
    const [result] = await simulate(['--workload', 'bimodal', '--policy', 'c-fcfs', ...args]);
    expect(result).toMatchObject({ workers: 8, offeredRps: 100_000, seed: 'x', warmup: 0.5 });
    expect(result!.load).toBeCloseTo((100_000 * 50.5e-6) / 8);
    expect(result!.durationNs).toBe(200e6);
    expect(result!.requests).toBeGreaterThan(19_000);
    expect(result!.overall.slowdown.count / result!.requests).toBeCloseTo(0.5, 1);
  });

  test('a workload with phases runs one cycle', async () => {
    const file = join(folder, 'phases.yaml');
    const phases = 'phases:\n  - duration: 20ms\n  - duration: 30ms\n';
    writeFileSync(file, `name: phases\ntypes:\n  - { name: A, ratio: 1, service: 10us }\n${phases}`);
    const [result] = await simulate(['--workload', file, '--policy', 'c-fcfs']);
    expect(result!.durationNs).toBe(50e6);
  });

  test('takes the command line over --config', async () => {
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      'workload: bimodal\npolicy: [c-fcfs, "ts:quantum=7us"]\nload: 0.5\nrequests: 10k\nseed: 5\nworkers: 4\n',
    );
    const [asFile] = await simulate(['--config', config]);
    expect(asFile).toMatchObject({ policy: 'c-fcfs', load: 0.5, requests: 10_000, seed: '5', workers: 4 });
    const over = await simulate(['--config', config, '--rate', '30k', '--seed', '6', '--policy', 'darc']);
    expect(over).toHaveLength(1);
    expect(over[0]).toMatchObject({ policy: 'darc', offeredRps: 30_000, requests: 10_000, seed: '6', workers: 4 });
  });

  test('a file named in --config is relative to it', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep/own.yaml'), 'name: own\ntypes:\n  - { name: A, ratio: 1, service: 1us }\n');
    writeFileSync(
      join(folder, 'deep/config.yaml'),
      'workload: own.yaml\npolicy: c-fcfs\nrequests: 1000\njson: own.json\n',
    );
    const { code, err } = await psp(['sim', '--config', 'deep/config.yaml'], { cwd: folder });
    expect([code, err]).toEqual([0, '']);
    const [result] = JSON.parse(readFileSync(join(folder, 'deep/own.json'), 'utf8')) as Result[];
    expect(result!.workload).toBe('own');
  });

  test('plays traces, zipped or not, at another rate', async () => {
    const csv = join(folder, 'trace.csv');
    const zipped = join(folder, 'trace.csv.gz');
    writeFileSync(csv, traceCsv());
    writeFileSync(zipped, gzipSync(traceCsv()));
    const args = ['--policy', 'c-fcfs,darc:oracle', '--workers', '2'];
    const [plain] = await simulate(['--workload', csv, ...args]);
    expect(plain).toMatchObject({ workload: 'trace', requests: 5000, completed: 5000 });
    expect(plain!.offeredRps).toBeCloseTo(100_000);
    expect(plain!.load).toBeCloseTo(0.635);
    const [unzipped] = await simulate(['--workload', zipped, ...args]);
    expect(unzipped!.digest).toBe(plain!.digest);
    expect(unzipped!.manifest.configHash).toBe(plain!.manifest.configHash);
    const own = traceCsv().replaceAll(',', '\t').replace('arrival_ns\ttype\tservice_ns', 'SENDING\tREQ_TYPE\tMEAN_NS');
    writeFileSync(join(folder, 'client-traces'), own);
    const [ofClient] = await simulate(['--workload', join(folder, 'client-traces'), ...args]);
    expect(ofClient).toMatchObject({ workload: 'client-traces', digest: plain!.digest });
    const [faster] = await simulate(['--workload', zipped, ...args, '--rate-scale', '1.5']);
    expect(faster!.load).toBeCloseTo(1.5 * plain!.load!);
    const [loaded] = await simulate(['--workload', csv, ...args, '--load', '0.4']);
    expect(loaded!.load).toBeCloseTo(0.4);
    expect(loaded!.offeredRps).toBeCloseTo(100_000 * (0.4 / 0.635));
  });

  test('load above 1 runs, with a warning', async () => {
    const { code, out, err } = await psp(['sim', ...QUICK, '--policy', 'c-fcfs', '--load', '1.3']);
    expect(code).toBe(0);
    expect(err).toMatch(/^psp: warning: load 1\.3 is more than the workers can do: unbounded queues grow/);
    expect(out).toContain('load 1.3');
    const percent = await psp(['sim', ...QUICK, '--policy', 'c-fcfs', '--load', '80']);
    expect([percent.code, percent.err]).toEqual([0, expect.stringMatching(/bounded ones drop; for 80 %, write 0\.8$/)]);
  });

  test('a precision that is not reached is told, on stderr and in the JSON, and so is one that cannot be', async () => {
    const args = ['--precision', '0.1%:p99:SHORT', '--replications', '2', '--max-replications', '3', '--json', '-'];
    const { code, out, err } = await psp(['sim', ...QUICK, '--policy', 'c-fcfs', ...args]);
    expect(code).toBe(0);
    expect(err).toMatch(
      /^psp: warning: c-fcfs stopped at 3 replications with ±\S+ %, not ±0.1 %: use more --max-replications or --requests$/m,
    );
    const [{ replications, precision }] = JSON.parse(out) as [Result];
    expect(replications).toBe(3);
    expect(precision).toMatchObject({ statistic: 'p99', type: 'SHORT', wanted: 0.001 });
    expect(precision!.reached).toBeGreaterThan(0.001);

    const overload = ['--load', '0.99', '--policy', 'ts:quantum=1us'];
    const unstable = await psp(['sim', ...QUICK, ...overload, ...args]);
    expect(unstable.err).toMatch(/^psp: warning: \S+ is unstable: it has no precision to reach$/m);
    expect(unstable.err).not.toContain('more --max-replications');
    const [result] = JSON.parse(unstable.out) as [Result];
    expect(result).toMatchObject({ unstable: true, replications: 2, grew: 2, precision: { reached: null } });
  });

  test('progress shows the precision reached, once it is known', () => {
    const precision = { relative: 0.05, statistic: 'p99_9' } as const;
    expect(precisionReached(0.072, precision)).toBe('±7.2 % of ±5 %');
    expect(precisionReached(undefined, precision)).toBe('precision not known yet');
  });

  test('works from another folder and through a link, as after npm link', async () => {
    const link = join(folder, 'psp');
    symlinkSync(MAIN, link);
    const { exitCode, stdout } = await execa(link, ['sim', ...QUICK, '--policy', 'c-fcfs'], { cwd: folder });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('High Bimodal');
  });

  test('the shipped configuration runs', async () => {
    const results = await simulate(['--config', join(MAIN, '../../../configs/sim.yaml'), '--requests', '10k']);
    expect(results.length).toBeGreaterThan(1);
  });
});

describe('--precision', () => {
  test('says which policies stopped short, and which are unstable', async () => {
    const args = ['--workload', 'bimodal', '--requests', '20k', '--max-replications', '2', '--replications', '2'];
    const { code, err } = await psp(['sim', ...args, '--policy', 'c-fcfs', '--precision', '0.1%']);
    expect(code).toBe(0);
    expect(err).toMatch(
      /^psp: warning: c-fcfs stopped at 2 replications with .*, not ±0\.1 %: use more --max-replications or --requests$/m,
    );
    const overloaded = ['--policy', 'ts', '--load', '0.99', '--precision', '1%:mean:SHORT'];
    expect((await psp(['sim', ...args, ...overloaded])).err).toBe(
      'psp: warning: ts is unstable: it has no precision to reach',
    );
  });
});
