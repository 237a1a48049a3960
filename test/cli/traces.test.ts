import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/results/result.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();

/** A trace file with these lines. */
function trace(name: string, lines: readonly string[]): string {
  writeFileSync(join(folder, name), `arrival_ns,type,service_ns\n${lines.map((line) => `${line}\n`).join('')}`);
  return name;
}

describe.each([
  ['one request', ['5,A,1000']],
  ['one instant', ['5,A,1000', '5,A,2000', '5,B,3000']],
])('a trace of %s has no rate', (what, lines) => {
  it('and is simulated, swept, merged, compared and reported all the same', async () => {
    const name = what.replace(' ', '-');
    const note = `psp: note: ${name}.csv: begins at 5ns: times count from its first arrival`;
    const args = ['--workload', trace(`${name}.csv`, lines), '--policy', 'c-fcfs'];
    const simulated = await psp(['sim', ...args, '--json', `${name}.json`], { cwd: folder });
    expect([simulated.code, simulated.err]).toEqual([0, note]);
    const swept = await psp(['sweep', ...args, '--out', name], { cwd: folder });
    expect([swept.code, swept.err]).toEqual([0, note]);
    const merged = await psp(['merge', name, '--out', `${name}-all`], { cwd: folder });
    expect([merged.code, merged.err]).toEqual([0, '']);
    const compared = await psp(['compare', `${name}.json`, `${name}.json`], { cwd: folder });
    expect([compared.code, compared.err]).toEqual([0, '']);
    expect(compared.out).toContain('load –');
    const reported = await psp(['report', name], { cwd: folder });
    expect([reported.code, reported.err]).toEqual([0, '']);
  });
});

describe('a trace with times since 1970', () => {
  it('in ns is refused, and the message says what to subtract', async () => {
    const name = trace('epoch.csv', ['1717171717171717171,A,1000', '1717171717171717271,A,1000']);
    const { code, err } = await pspHere(['sim', '--workload', name], folder);
    expect(code).toBe(2);
    expect(err).toBe(
      'psp: epoch.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found ' +
        "'1717171717171717171': subtract that from every arrival_ns",
    );
  });

  it('in us is played from its first arrival, and says so in the result', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${1_717_171_717_171_717 + i * 1000},A,1000`);
    const args = ['--workload', trace('late.csv', lines), '--policy', 'c-fcfs', '--duration', '500us'];
    const { code, out, err } = await psp(['sim', ...args, '--json', '-'], { cwd: folder });
    const note = 'late.csv: begins at 1717171.717171717s: times count from its first arrival';
    expect([code, err.split('\n')[0]]).toEqual([0, `psp: note: ${note}`]);
    const [result] = JSON.parse(out) as Result[];
    expect([result!.requests, result!.durationNs, result!.manifest.notes]).toEqual([500, 500_000, [note]]);
  });

  it('or without a request in the time asked for is refused', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${5000 + i * 1000},A,1000`);
    const args = ['sim', '--workload', trace('short.csv', lines), '--duration', '2us'];
    expect(await pspHere(args, folder)).toMatchObject({
      code: 2,
      err: 'psp: duration: expected more than 5us, when the first request of short.csv arrives, found 2us',
    });
  });
});

it('services below some ns are played in whole ns, which is what load counts, and psp says so', async () => {
  writeFileSync(join(folder, 'tiny.yaml'), 'name: tiny\ntypes:\n  - { name: A, ratio: 1, service: 1.4ns }\n');
  const args = ['sim', '--workload', 'tiny.yaml', '--policy', 'c-fcfs', '--workers', '2', '--requests', '200k'];
  const { code, out, err } = await psp([...args, '--json', '-'], { cwd: folder });
  expect(code).toBe(0);
  expect(err).toContain(
    'psp: note: A: services are played in whole ns: 1ns on average, not 1.4ns; load counts what is played',
  );
  const [result] = JSON.parse(out) as Result[];
  expect(result!.load).toBe(0.8);
  expect(result!.utilisation).toBeGreaterThan(0.78);
  expect(result!.utilisation).toBeLessThan(0.82);
  const capacity = ['capacity', '--workload', 'tiny.yaml', '--policy', 'c-fcfs', '--workers', '2', '--requests', '20k'];
  const found = await psp([...capacity, '--slo', 'p99 slowdown <= 10'], { cwd: folder });
  expect(found.err.match(/psp: note: A: services are played in whole ns/g)).toHaveLength(1);
});
