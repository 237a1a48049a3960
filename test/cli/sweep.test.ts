import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { MAIN, psp, scratchFolder } from './psp.js';

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

  it.each([
    [['--workload', 'bimodal'], 'psp: expected a folder for the results, found none: add --out DIR'],
    [['--out', 'x'], 'psp: expected a workload, found none: add --workload NAME'],
    [
      [...QUICK.slice(1), '--load', '1', '--rate', '1', '--out', 'x'],
      'psp: expected only one of --load and --rate, found both',
    ],
    [
      [...QUICK.slice(1), '--load', '1:x:2', '--out', 'x'],
      "psp: --load: expected a number above 0, such as 0.8, found 'x'",
    ],
    [
      [...QUICK.slice(1), '--shard', '3/2', '--out', 'x'],
      "psp: --shard: expected I/N with I from 1 to N, such as 2/8, found '3/2'",
    ],
    [['nothing.yaml'], 'psp: nothing.yaml: cannot be read: there is no such file'],
    [[...QUICK.slice(1), '--out', '/proc/x'], 'psp: /proc/x: cannot be made'],
  ])('refuses %j', async (args, message) => {
    const { code, err, out } = await psp(['sweep', ...args], { cwd: folder });
    expect(err).toContain(message);
    expect([code, out]).toEqual([args.includes('/proc/x') ? 3 : 2, '']);
  });
});
