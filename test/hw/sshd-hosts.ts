/**
 * A testbed of three hosts on this machine: sshd's with host keys and ports of their own, and veth devices at a bridge,
 * all in one network namespace, so that nothing else sees them and all that runs there can be listed. Needs root.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { MAIN, type Outcome, ROOT } from '../cli/psp.js';

export const NAMES = ['server', 'client1', 'client2'] as const;
export type HostName = (typeof NAMES)[number];

/** What a test changes of a host: lines of YAML, by key. */
export type Changes = Partial<Record<HostName, Readonly<Record<string, string>>>>;

export interface SshdHosts {
  /** Writes a file of hosts with changes; returns its path. */
  hostsFile(name: string, changes?: Changes): string;
  /** Runs psp as the orchestrator. */
  psp(args: readonly string[]): Promise<Outcome>;
  /** The same, to be ended by the test. */
  start(args: readonly string[]): { kill(signal: NodeJS.Signals): void; outcome: Promise<Outcome> };
  /** Processes of psp on the hosts: `PID command`. */
  running(): string[];
  /** Waits until nothing of psp runs, and no file of a run is left. Returns what is. */
  leftovers(limitMs?: number): Promise<string[]>;
  /** A folder on a disk of a few kilobytes. */
  readonly tiny: string;
  /** Ends the server or load generator on a host, as when the kernel is out of memory. */
  killEnd(name: HostName): void;
  /** Stops that process for a while, as when another program has its cores. */
  freeze(name: HostName, forMs: number): Promise<void>;
  /** Takes the data port of a host off the bridge, which its link does not show, or puts it there again. */
  plug(name: HostName, isIn: boolean): void;
  /** Frames that came to the data port of a host. */
  received(name: HostName): number;
  /** Ends all sessions of a host and what they run, as when it loses its power. */
  powerOff(name: HostName): void;
  end(): void;
}

/** Why there can be no such hosts; nothing when there can. */
export function missingSshd(): string | undefined {
  if (!existsSync('/usr/sbin/sshd') || spawnSync('ssh', ['-V']).status !== 0) return 'no openssh-server';
  const probe = `psp-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', probe]).status !== 0) return 'no network namespaces here';
  spawnSync('ip', ['netns', 'del', probe]);
  return undefined;
}

export async function startHosts(folder: string): Promise<SshdHosts> {
  const space = `psp-hosts-${process.pid}`;
  const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  ip('netns', 'add', space);
  ip('-n', space, 'link', 'set', 'lo', 'up');
  ip('-n', space, 'link', 'add', 'bridge', 'type', 'bridge');
  ip('-n', space, 'link', 'set', 'bridge', 'up');
  mkdirSync('/run/sshd', { recursive: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  // Before any sshd starts: each sees the mounts of that moment.
  const tiny = join(folder, 'tiny');
  mkdirSync(tiny);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', tiny]);
  const sshds = new Map<HostName, ChildProcess>();
  NAMES.forEach((name, i) => {
    ip('-n', space, 'link', 'add', `port${i}`, 'type', 'veth', 'peer', 'name', `data${i}`);
    ip('-n', space, 'link', 'set', `port${i}`, 'master', 'bridge', 'up');
    ip('-n', space, 'link', 'set', `data${i}`, 'up');
    sshds.set(name, startSshd(space, folder, name, 2201 + i));
  });
  writeConfigs(folder);
  await Promise.all(NAMES.map((name) => listening(join(folder, name))));

  const within = (args: readonly string[]) =>
    execa('ip', ['netns', 'exec', space, process.execPath, MAIN, ...args], { cwd: folder, reject: false });
  const signalEnd = (name: HostName, signal: NodeJS.Signals) =>
    signalAll(
      signal,
      descendants(sshds.get(name)!.pid!).filter((pid) => /child\.js/.test(commandOf(pid))),
    );
  const running = (): string[] =>
    execFileSync('ip', ['netns', 'pids', space], { encoding: 'utf8' })
      .split('\n')
      .filter((pid) => pid !== '')
      .map(Number)
      .map((pid) => `${pid} ${commandOf(pid)}`)
      .filter((line) => !line.includes('sshd') && line.includes(' '));
  return {
    hostsFile: (name, changes = {}) => writeHosts(folder, name, changes),
    psp: (args) => outcomeOf(within(args)),
    start(args) {
      const child = within(args);
      return { kill: (signal) => void child.kill(signal), outcome: outcomeOf(child) };
    },
    running,
    async leftovers(limitMs = 10_000) {
      const limit = Date.now() + limitMs;
      const found = () => [
        ...running(),
        ...[tiny, ...NAMES.map((name) => join(folder, name, 'tmp'))].flatMap((place) => readdirSync(place)),
      ];
      while (found().length > 0 && Date.now() < limit) await sleep(50);
      return found();
    },
    tiny,
    killEnd: (name) => signalEnd(name, 'SIGKILL'),
    async freeze(name, forMs) {
      signalEnd(name, 'SIGSTOP');
      await sleep(forMs);
      signalEnd(name, 'SIGCONT');
    },
    plug: (name, isIn) =>
      ip('-n', space, 'link', 'set', `port${NAMES.indexOf(name)}`, ...(isIn ? ['master', 'bridge'] : ['nomaster'])),
    received(name) {
      const show = ['-n', space, '-s', '-j', 'link', 'show', `data${NAMES.indexOf(name)}`];
      return JSON.parse(execFileSync('ip', show, { encoding: 'utf8' }))[0].stats64.rx.packets;
    },
    powerOff: (name) => signalAll('SIGKILL', descendants(sshds.get(name)!.pid!)),
    end() {
      for (const sshd of sshds.values()) sshd.kill('SIGKILL');
      signalAll(
        'SIGKILL',
        running().map((line) => Number(line.split(' ')[0])),
      );
      ip('netns', 'del', space);
      spawnSync('umount', ['-l', tiny]);
    },
  };
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly stdout: unknown;
  readonly stderr: unknown;
}

async function outcomeOf(child: Promise<Ended>): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await child;
  return { code: exitCode, out: String(stdout), err: String(stderr) };
}

function startSshd(space: string, folder: string, name: HostName, port: number): ChildProcess {
  const own = join(folder, name);
  mkdirSync(join(own, 'tmp'), { recursive: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(own, 'host_key')]);
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(own, 'host_key')}`,
    `PidFile ${join(own, 'pid')}`,
    `AuthorizedKeysFile ${join(folder, 'key.pub')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
  ];
  writeFileSync(join(own, 'sshd_config'), `${lines.join('\n')}\n`);
  const sshd = ['/usr/sbin/sshd', '-D', '-e', '-f', join(own, 'sshd_config')];
  return spawn('ip', ['netns', 'exec', space, ...sshd], { stdio: 'ignore' });
}

/** A server with two workers that sleep, and one configuration for both clients. */
function writeConfigs(folder: string): void {
  const server = '{ ip: 192.168.77.10, port: 6789 }';
  writeFileSync(
    join(folder, 'server.yaml'),
    `server:
  device: { af_packet: data0 }
  address: ${server}
  workers: 2
  application: sleep
  poll: [inline, sleep]
`,
  );
  NAMES.slice(1).forEach((name, i) => {
    writeFileSync(
      join(folder, `${name}.yaml`),
      `client:
  device: { af_packet: data${i + 1} }
  address: { ip: 192.168.77.1 }
  server: ${server}
  poll: sleep
`,
    );
  });
}

function writeHosts(folder: string, name: string, changes: Changes): string {
  // Stands for a build of the addon from nothing, which takes a minute.
  const gyp = join(folder, 'node-gyp.cjs');
  const addon = 'build/Release/psp_native.node';
  const [from, to] = [join(ROOT, addon), addon].map((path) => JSON.stringify(path));
  writeFileSync(gyp, `if (process.argv[2] === 'build') require('fs').cpSync(${from}, ${to});`);
  const lines = NAMES.map((host, i) => {
    const options = ['-p', `"${2201 + i}"`, '-i', join(folder, 'key'), '-q'];
    const quiet = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ControlPath=none'];
    const fields = {
      name: host,
      ssh: '127.0.0.1',
      sshOptions: `[${[...options, ...quiet].join(', ')}]`,
      role: i === 0 ? 'server' : 'client',
      folder: ROOT,
      config: `${host}.yaml`,
      ...(i > 0 && { address: `{ ip: 192.168.77.${10 + i} }` }),
      env: `{ TMPDIR: ${join(folder, host, 'tmp')}, npm_config_node_gyp: ${gyp}, GREETING: "it's ${i}" }`,
      ...changes[host],
    };
    const pairs = Object.entries(fields).map(([key, value]) => `${key}: ${value}`);
    return `  - { ${pairs.join(', ')} }`;
  });
  const path = join(folder, name);
  writeFileSync(path, `hosts:\n${lines.join('\n')}\n`);
  return path;
}

async function listening(own: string): Promise<void> {
  while (!existsSync(join(own, 'pid'))) await sleep(20);
}

function signalAll(signal: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** From /proc, at once: a ps per process takes longer than a run on a busy machine. */
function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
      .filter((child) => child !== '')
      .map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
