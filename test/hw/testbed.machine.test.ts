/** psp testbed, against sshd's of its own on the loopback: each host has its host key, port and authorised key. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHosts } from '../../src/experiment/hosts/hosts-file.js';
import { remoteScript } from '../../src/experiment/hosts/on-host.js';
import { psp, ROOT, scratchFolder } from '../cli/psp.js';
import { startPsp } from './loopback-commands.js';

const folder = scratchFolder();
const hasSshd = existsSync('/usr/sbin/sshd') && spawnSync('ssh', ['-V']).status === 0;
if (!hasSshd) console.warn('SKIPPED: hosts of a testbed: no openssh-server');

/** Sshd's that wait on ports of their own. */
const PORTS = [20_000 + (process.pid % 10_000), 30_001 + (process.pid % 10_000)] as const;
const servers: ChildProcess[] = [];
const hosts = join(folder, 'hosts.yaml');

function startHost(port: number): void {
  const own = join(folder, String(port));
  mkdirSync(own);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(own, 'host_key')]);
  writeFileSync(
    join(own, 'config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${join(own, 'host_key')}
PidFile none
AuthorizedKeysFile ${join(folder, 'key.pub')}
StrictModes no
UsePAM no
PasswordAuthentication no
`,
  );
  servers.push(spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(own, 'config')], { stdio: 'ignore' }));
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => {}).once('connect', () => socket.destroy());
    });
    if (answered) return;
    await sleep(50);
  }
}

beforeAll(async () => {
  if (!hasSshd) return;
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  mkdirSync('/run/sshd', { recursive: true });
  for (const port of PORTS) startHost(port);
  const options = (port: number) =>
    `[-p, "${port}", -i, ${join(folder, 'key')}, -o, StrictHostKeyChecking=no, -o, UserKnownHostsFile=/dev/null, -q]`;
  const ends = PORTS.map(
    (port, i) =>
      `  - { name: ${i === 0 ? 'server' : 'client'}, ssh: 127.0.0.1, sshOptions: ${options(port)}, ` +
      `role: ${i === 0 ? 'server' : 'client'}, folder: ${ROOT}, env: { GREETING: "it's ${i}" } }`,
  );
  writeFileSync(hosts, `hosts:\n${ends.join('\n')}\n`);
  await Promise.all(PORTS.map(listens));
});

afterAll(() => {
  for (const server of servers) server.kill();
});

const testbed = (...args: string[]) => psp(['testbed', ...args], { cwd: folder });

describe.skipIf(!hasSshd)('psp testbed', { timeout: 120_000 }, () => {
  it('runs a command on all hosts, or on those of a role, and says where it failed', async () => {
    const { code, out } = await testbed('run', '--hosts', hosts, '--', 'sh', '-c', 'echo "$GREETING"; pwd');
    expect([code, out.split('\n').sort()]).toEqual([
      0,
      [
        `client | ${ROOT.replace(/\/$/, '')}`,
        "client | it's 1",
        `server | ${ROOT.replace(/\/$/, '')}`,
        "server | it's 0",
      ],
    ]);
    const failed = await testbed('run', '--hosts', hosts, '--role', 'client', '--', 'sh', '-c', 'exit 7');
    expect([failed.code, failed.err]).toEqual([1, 'psp: client: exit code 7']);
  });

  it('checks every host in one table', async () => {
    const { out } = await testbed('check', '--hosts', hosts);
    expect(out).toMatch(/(ok {2}|fail) server server psp \d+\.\d+\.\d+, clock -?\d+ ms apart/);
    expect(out).toMatch(/(ok {2}|fail) client client psp/);
    const missing = readFileSync(hosts, 'utf8').replaceAll(`folder: ${ROOT}`, 'folder: /nowhere');
    writeFileSync(join(folder, 'missing.yaml'), missing);
    const { code, out: faults } = await testbed('check', '--hosts', join(folder, 'missing.yaml'));
    expect(code).toBe(1);
    expect(faults).toContain('/nowhere');
  });

  it('ends what runs on a host when its orchestrator is killed', async () => {
    const file = join(folder, 'pid');
    const command = ['testbed', 'run', '--hosts', hosts, '--role', 'server', '--'];
    const run = startPsp([...command, 'sh', '-c', `echo $$ > ${file}; sleep 60`], folder);
    while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') await sleep(50);
    const pid = Number(readFileSync(file, 'utf8'));
    await run.end('SIGKILL');
    const limit = Date.now() + 15_000;
    while (existsSync(`/proc/${pid}`) && Date.now() < limit) await sleep(50);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
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
    const script = remoteScript({ ...parseHosts(`hosts: [${one}]`, 'h')[0]!, env: { A: "b'c" } }, ['x y', '$z']);
    expect(script).toContain(`env A='b'\\''c' 'x y' '$z'`);
  });
});
