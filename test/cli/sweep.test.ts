import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { MAIN, psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
const QUICK = ['sweep', '--workload', 'bimodal', '--policy', 'c-fcfs', '--requests', '2k'];
const points = (out: string) => readdirSync(join(out, 'points')).filter((name) => name.endsWith('.json'));

describe('psp sweep', () => {
  it('runs the parts of a sweep, and psp merge puts them together', async () => {
    const [one, two, all] = ['one', 'two', 'all'].map((name) => join(folder, name)) as [string, string, string];
    const args = [...QUICK, '--load', '.2:.6:.2'];
    const parts = await Promise.all([one, two].map((out, i) => psp([...args, '--shard', `${i + 1}/2`, '--out', out])));
    expect(parts.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(parts[0]!.out).toMatch(/^2 points: 2 run\n/);
    expect((await psp(['merge', one, two, '--out', all])).out).toMatch(/^3 points added\n/);
    const again = await psp([...args, '--out', all]);
    expect(again.out).toMatch(/^3 points: 0 run, 3 were there already\n/);
    expect(readFileSync(join(all, 'results.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 9);
  });

  it('is interrupted with exit code 130, keeps what is finished, and goes on', async () => {
    const out = join(folder, 'interrupted');
    const args = [...QUICK, '--seed', '1', '--out', out];
    const child = execa(process.execPath, [MAIN, ...args, '--load', '.3,.9', '--requests', '2k,10G'], {
      reject: false,
    });
    while (!existsSync(join(out, 'points')) || points(out).length < 2) await sleep(50);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('psp: interrupted: 2 of 4 points are left');
    expect(stdout).toContain('4 points: 2 run, 2 left');
    expect(points(out)).toHaveLength(2);
    const { code, out: text } = await psp([...args, '--load', '.3,.9,.5']);
    expect([code, text.split('\n')[0]]).toEqual([0, '3 points: 1 run, 2 were there already']);
  });

  it('goes on after SIGKILL, and leaves nothing half', async () => {
    const out = join(folder, 'killed');
    const args = [...QUICK, '--out', out, '--load', '.1:.8:.1', '--requests', '2k,300k'];
    const child = execa(process.execPath, [MAIN, ...args], { reject: false });
    while (!existsSync(join(out, 'points')) || points(out).length < 3) await sleep(20);
    child.kill('SIGKILL');
    expect((await child).signal).toBe('SIGKILL');
    const kept = points(out);
    expect(kept.length).toBeLessThan(16);
    for (const name of kept) JSON.parse(readFileSync(join(out, 'points', name), 'utf8'));
    const { code, out: text } = await psp(args);
    const said = `16 points: ${16 - kept.length} run, ${kept.length} were there already`;
    expect([code, text.split('\n')[0]]).toEqual([0, said]);
    expect(points(out)).toHaveLength(16);
    expect(readFileSync(join(out, 'results.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 16 * 3);
  });

  it('names what failed with its command and error, finishes the rest, and ends with exit code 1', async () => {
    const out = join(folder, 'failed');
    const trace = join(folder, 'trace.csv');
    writeFileSync(trace, `arrival_ns,type,service_ns\n${'0,A,1\n'.repeat(100)}`);
    // More points than run at a time are before it, so that it can be removed when all are planned and it has not
    // begun.
    const before = Array.from({ length: availableParallelism() + 2 }, (_, i) => `${i + 1}`);
    const args = ['sweep', '--workload', `bimodal,${trace}`, '--policy', 'c-fcfs', '--seed', before.join(',')];
    const child = execa(process.execPath, [MAIN, ...args, '--out', out], { reject: false });
    while (!existsSync(join(out, 'points')) && child.exitCode === null) await sleep(5);
    rmSync(trace);
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(1);
    const [id] = readdirSync(join(out, 'sources'));
    const kept = `sources/${id}/trace.csv`;
    const command = `cd ${out} && psp sim --workload ${kept} --policy c-fcfs`;
    const failures = before.map((seed) => `psp: failed: ${command} --seed ${seed}: ${trace}: cannot be read: `);
    const lines = stderr.split('\n');
    expect(lines.map((line, i) => line.slice(0, failures[i]?.length)).sort()).toEqual(failures.sort());
    expect(stdout).toContain(`${2 * before.length} points: ${before.length} run, ${before.length} failed\n`);
  });

  // A file that may not grow is what a full disk is to who writes it.
  it('ends with exit code 3 and one line when a result cannot be written', async () => {
    const out = join(folder, 'full');
    const command = `ulimit -f 1; exec "$0" "$@"`;
    const args = [...QUICK, '--load', '.1:.9:.1', '--out', out];
    const { exitCode, stdout, stderr } = await execa('bash', ['-c', command, process.execPath, MAIN, ...args], {
      reject: false,
    });
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^psp: .*full\/(plans|points)\/[0-9a-f]{32}\.json: cannot be written: EFBIG.*$/);
    expect(existsSync(join(out, 'points'))).toBe(false);
  });

  it('says so when the folder cannot be made, with exit code 2', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, err } = await pspHere([...QUICK, '--out', 'file/x'], folder);
    expect([code, err]).toEqual([2, 'psp: file/x: cannot be made: a part of its path is not a folder']);
  });

  // In a process of its own, which SIGKILL ends: Node's own recursive mkdir never comes back from there.
  it('does so where nothing can be made at all', async () => {
    const ends = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
    const { code, err } = await psp([...QUICK, '--out', '/proc/x'], ends);
    expect([code, err]).toEqual([2, expect.stringMatching(/^psp: \/proc\/x: cannot be made: .*$/)]);
  });
});
