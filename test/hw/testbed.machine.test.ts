/** psp testbed and experiments on several machines, against sshd's of its own. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHosts } from '../../src/experiment/hosts/hosts-file.js';
import { watchedScript } from '../../src/experiment/hosts/on-host.js';
import { readSweep } from '../../src/experiment/sweep/store.js';
import type { HardwareFields } from '../../src/results/hardware-fields.js';
import { ROOT, scratchFolder } from '../cli/psp.js';
import { missingSshd, type SshdHosts, startHosts } from './sshd-hosts.js';
import { missingNative } from './support.js';

const folder = scratchFolder();
const missing = missingSshd() ?? missingNative();
if (missing) console.warn(`SKIPPED: hosts of a testbed: ${missing}`);

let testbed: SshdHosts;
let hosts: string;

beforeAll(async () => {
  if (missing) return;
  testbed = await startHosts(folder);
  hosts = testbed.hostsFile('hosts.yaml');
});

afterAll(() => testbed?.end());

const LISTS = ['--workload', 'bimodal', '--policy', 'c-fcfs,darc:window=50', '--load', '0.4', '--workers', '2'];
const sweep = (file: string, out: string, ...more: string[]) =>
  testbed.psp(['sweep', '--hosts', file, ...LISTS, '--requests', '200', '--dilate', '100', '--out', out, ...more]);

describe.skipIf(missing !== undefined)('psp testbed', { timeout: 120_000 }, () => {
  it('runs a command on all hosts, or on those of a role, and says where it failed', async () => {
    const { code, out } = await testbed.psp(['testbed', 'run', '--hosts', hosts, '--', 'sh', '-c', 'echo "$GREETING"']);
    expect([code, out.split('\n').sort()]).toEqual([0, ["client1 | it's 1", "client2 | it's 2", "server  | it's 0"]]);
    const failed = await testbed.psp([
      'testbed',
      'run',
      '--hosts',
      hosts,
      '--role',
      'server',
      '--',
      'sh',
      '-c',
      'exit 7',
    ]);
    expect([failed.code, failed.err]).toEqual([1, 'psp: server: exit code 7']);
  });

  it('checks every host in one table', async () => {
    const { code, out } = await testbed.psp(['testbed', 'check', '--hosts', hosts]);
    expect(out).toMatch(/^ok {3}server {2}server psp \d+\.\d+\.\d+, clock -?\d+ ms apart$/m);
    expect(out).toMatch(/^ok {3}client2 client psp .* apart, server answered$/m);
    expect(code).toBe(0);
    expect(await testbed.leftovers()).toEqual([]);
  });

  it('ends what runs on a host when its orchestrator is killed', async () => {
    const file = join(folder, 'pid');
    const command = ['testbed', 'run', '--hosts', hosts, '--role', 'server', '--'];
    const run = testbed.start([...command, 'sh', '-c', `echo $$ > ${file}; sleep 60`]);
    while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') await sleep(50);
    run.kill('SIGKILL');
    expect(await testbed.leftovers()).toEqual([]);
  });
});

describe.skipIf(missing !== undefined)('psp sweep --hosts', { timeout: 120_000 }, () => {
  it('runs points on a server and two clients, gathers all they know, and resumes', async () => {
    const out = join(folder, 'out');
    const { code, out: said, err } = await sweep(hosts, out);
    expect({ code, said, err }).toMatchObject({ code: 0, said: expect.stringMatching(/^2 points: 2 run\n/) });
    const { points } = readSweep(out);
    for (const { key, result } of points) {
      const { lost, late, serverCounted, unreconciled, end } = result as typeof result & HardwareFields;
      expect({ lost, serverCounted, unreconciled, end }).toEqual({
        ...{ lost: 0, serverCounted: true, unreconciled: [] },
        end: 'complete',
      });
      expect(late).toBeLessThanOrEqual(200);
      expect([result.world, result.requests, result.completed]).toEqual(['hw', 200, 200]);
      expect(result.manifest.notes).toContain('hosts: server server; clients client1, client2');
      expect(readdirSync(join(out, 'logs', key)).sort()).toEqual(['client1.txt', 'client2.txt', 'server.txt']);
    }
    expect(points.map(({ result }) => result.digest)[0]).toBe(points[1]!.result.digest);
    expect((await sweep(hosts, out)).out).toMatch(/^2 points: 0 run, 2 were there already\n/);
    expect(await testbed.leftovers()).toEqual([]);
  });
});

describe('a file of hosts', () => {
  const one = '{ name: a, ssh: node0, role: server, folder: /opt/psp }';

  it('is read with its defaults; the one for CloudLab has seven machines', () => {
    expect(parseHosts(`hosts: [${one}]`, 'h.yaml')).toEqual([
      { name: 'a', ssh: 'node0', role: 'server', folder: '/opt/psp', sshOptions: [], env: {} },
    ]);
    const path = 'configs/cloudlab.yaml';
    expect(parseHosts(readFileSync(join(ROOT, path), 'utf8'), path).map(({ role }) => role)).toHaveLength(7);
  });

  it.each([
    [`hosts: [${one}, ${one}]`, 'expected names that differ, found a twice'],
    ['hosts: [{ name: a, ssh: node0, role: client, folder: / }]', 'expected one server, found 0'],
    ['hosts: [{ name: a, ssh: -oProxyCommand=x, role: server, folder: / }]', 'expected a destination of ssh'],
    ['hosts: [{ name: a, ssh: n, role: server, folder: /, env: { "a b": 1 } }]', 'expected names of variables'],
  ])('%s is refused', (text, said) => {
    expect(() => parseHosts(text, 'h.yaml')).toThrow(said);
  });

  it('quotes words for the shell of the host', () => {
    const script = watchedScript({ ...parseHosts(`hosts: [${one}]`, 'h')[0]!, env: { A: "b'c" } }, ['x y', '$z']);
    expect(script).toContain(`env A='b'\\''c' 'x y' '$z'`);
  });
});
