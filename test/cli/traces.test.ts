import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { psp, scratchFolder } from './psp.js';

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
    const args = ['--workload', trace(`${name}.csv`, lines), '--policy', 'c-fcfs'];
    const simulated = await psp(['sim', ...args, '--json', `${name}.json`], { cwd: folder });
    expect([simulated.code, simulated.err]).toEqual([0, '']);
    const swept = await psp(['sweep', ...args, '--out', name], { cwd: folder });
    expect([swept.code, swept.err]).toEqual([0, '']);
    const merged = await psp(['merge', name, '--out', `${name}-all`], { cwd: folder });
    expect([merged.code, merged.err]).toEqual([0, '']);
    const compared = await psp(['compare', `${name}.json`, `${name}.json`], { cwd: folder });
    expect([compared.code, compared.err]).toEqual([0, '']);
    expect(compared.out).toContain('load –');
    const reported = await psp(['report', name], { cwd: folder });
    expect([reported.code, reported.err]).toEqual([0, '']);
  });
});
