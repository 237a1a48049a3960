import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Result } from '../../src/results/result.js';
import { MAIN, psp } from './psp.js';

/** At a load of 1 psp warns when it begins, which tells the test when. No one waits for 10 G requests. */
const LONG_RUN = ['sim', '--workload', 'bimodal', '--load', '1', '--requests', '10G', '--json', '-'];

test('an interrupt ends the runs with what there is', async () => {
  const child = execa(process.execPath, [MAIN, ...LONG_RUN, '--policy', 'c-fcfs'], { reject: false });
  child.stderr.once('data', async () => {
    await sleep(300);
    child.kill('SIGINT');
  });
  const { exitCode, stdout, stderr } = await child;
  expect(exitCode).toBe(130);
  expect(stderr).toContain('psp: interrupted: ');
  expect(stderr).toMatch(/Interrupted: c-fcfs after .* requests/);
  const [result, ...others] = JSON.parse(stdout) as Result[];
  expect(others).toEqual([]);
  expect(result).toMatchObject({ policy: 'c-fcfs', interrupted: true });
  expect(result!.requests).toBeGreaterThan(0);
  expect(result!.completed + result!.dropped + result!.inFlight).toBe(result!.requests);
});

test('runs that had not begun are named', async () => {
  const many = Array.from({ length: 300 }, (_, i) => `c-fcfs:queue=${1000 + i}`).join(',');
  const child = execa(process.execPath, [MAIN, ...LONG_RUN, '--policy', many], { reject: false });
  child.stderr.once('data', async () => {
    await sleep(300);
    child.kill('SIGINT');
  });
  const { exitCode, stdout, stderr } = await child;
  expect(exitCode).toBe(130);
  expect(stderr).toContain('c-fcfs:queue=1299');
  expect((JSON.parse(stdout) as Result[]).length).toBeLessThan(300);
});

test('a reader that has seen enough is no error', async () => {
  const script = `set -o pipefail; '${process.execPath}' '${MAIN}' policies --json | (exec 0<&-; sleep 2)`;
  const { exitCode, stderr } = await execa('bash', ['-c', script], { reject: false });
  expect([exitCode, stderr]).toEqual([0, '']);
});

test('a short run shows no progress bar in a pipe', async () => {
  const { err } = await psp(['sim', '--workload', 'bimodal', '--requests', '10k', '--policy', 'c-fcfs']);
  expect(err).toBe('');
});
