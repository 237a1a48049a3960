/** Which cores this process may run on. */

import { existsSync, readFileSync } from 'node:fs';
import { EnvironmentError } from '../../units/errors.js';
import type { NetForm } from '../native/native.js';
import type { ServerConfig } from './config.js';

/** Parses the kernel's list form, `0-3,8`. */
export function parseCoreList(text: string): number[] {
  const cores: number[] = [];
  for (const part of text.trim().split(',')) {
    if (part === '') continue;
    const [from, to] = part.split('-').map(Number);
    for (let core = from!; core <= (to ?? from!); core++) cores.push(core);
  }
  return cores;
}

/** The cores the kernel gives this process's threads by itself, ascending. */
function sharedCores(root: string): number[] {
  const status = readFileSync(`${root}proc/self/status`, 'utf8');
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1];
  return list === undefined ? [0] : parseCoreList(list);
}

/**
 * The cores that threads of this process may be pinned to, ascending: the shared ones, and those that `isolcpus` keeps
 * for pinned threads, which the kernel does not list as allowed. (If a container may not use them, pinning fails with a
 * message.)
 */
export function allowedCores(root = '/'): number[] {
  const path = `${root}sys/devices/system/cpu/isolated`;
  const isolated = existsSync(path) ? parseCoreList(readFileSync(path, 'utf8')) : [];
  return [...new Set([...sharedCores(root), ...isolated])].sort((a, b) => a - b);
}

/** A core for threads that only wait; never an isolated one. */
export function firstAllowedCore(root = '/'): number {
  return sharedCores(root)[0] ?? 0;
}

/**
 * May this process keep all its cores busy? Not when its cgroup (or one above) has a quota of less: keeping cores awake
 * would then take time from the threads that work.
 */
export function ownsItsCores(root = '/'): boolean {
  const { length } = sharedCores(root);
  const groups = `${root}proc/self/cgroup`;
  // Version 2 of cgroups has one line: 0::/path.
  const path = existsSync(groups) ? (/^0::(.*)$/m.exec(readFileSync(groups, 'utf8'))?.[1] ?? '/') : '/';
  for (let group = path; ; group = group.slice(0, group.lastIndexOf('/'))) {
    const file = `${root}sys/fs/cgroup${group}/cpu.max`;
    const [quota, period] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : [];
    // 'max' means no limit.
    if (quota !== undefined && quota / period! < length) return false;
    if (!group.includes('/')) return true;
  }
}

/** @throws EnvironmentError naming the first configured core that this process may not use */
export function refuseMissingCores(cores: readonly (number | undefined)[], root = '/'): void {
  const allowed = allowedCores(root);
  const missing = cores.find((core) => core !== undefined && core >= 0 && !allowed.includes(core));
  if (missing !== undefined) {
    throw new EnvironmentError(
      `cores: the configuration wants core ${missing}, this process may use ${allowed.length} cores: ` +
        allowed.join(', '),
    );
  }
}

/**
 * Cores of a server that spins: for its workers, its dispatcher, and its net thread if it has one. DPDK's main thread
 * only waits, and needs no core of its own.
 */
export function serverCoresNeeded(workers: number, net: NetForm): number {
  return workers + (net === 'inline' ? 1 : 2);
}

/** Cores for both ends on one machine when their threads spin: the load generator takes one, too. */
export function loopbackCoresNeeded(workers: number, net: NetForm): number {
  return serverCoresNeeded(workers, net) + 1;
}

/** Who polls the device where nobody says: a net thread, if there are cores for it beside the workers and the rest. */
export function chooseLoopbackNet(workers: number, cores: number): NetForm {
  return cores < loopbackCoresNeeded(workers, 'thread') ? 'inline' : 'thread';
}

/** The same for a server alone. Over memif its client is on the same machine, and needs a core, too. */
export function chooseNet(
  { net, cores, device, workers }: Pick<ServerConfig, 'net' | 'cores' | 'device' | 'workers'>,
  allowed = allowedCores().length,
): NetForm {
  if (net !== undefined) return net;
  if (cores.net !== undefined) return 'thread';
  return chooseLoopbackNet(workers, device.kind === 'memif' ? allowed : allowed + 1);
}

/** The core of each thread in a loopback whose threads spin. */
export interface LoopbackCores {
  /** Absent when the dispatcher polls the device. */
  readonly net?: number;
  readonly dispatcher: number;
  readonly workers: readonly number[];
  readonly client: number;
}

/**
 * A core for each thread of a loopback; nothing when there are too few. The last cores are taken, because the kernel
 * does most of its own work on the first.
 */
export function loopbackCores(workers: number, net: NetForm, allowed = allowedCores()): LoopbackCores | undefined {
  const needed = loopbackCoresNeeded(workers, net);
  if (allowed.length < needed) return undefined;
  const taken = allowed.slice(-needed);
  const client = taken.shift()!;
  const netCore = net === 'inline' ? undefined : taken.shift()!;
  const [dispatcher, ...rest] = taken;
  return { client, ...(netCore !== undefined && { net: netCore }), dispatcher: dispatcher!, workers: rest };
}

/** @throws EnvironmentError when threads that spin would share cores: each would stop the others for milliseconds */
export function refuseCrowdedCores(
  { poll, workers, net }: Pick<ServerConfig, 'poll' | 'workers'> & { readonly net: NetForm },
  allowed = allowedCores().length,
): void {
  const needed = serverCoresNeeded(workers, net);
  if (poll !== 'spin' || allowed >= needed) return;
  throw new EnvironmentError(
    `cores: ${workers} workers that spin want ${needed} cores with ` +
      `${net === 'inline' ? 'the' : 'net thread and'} dispatcher, ` +
      `this process may use ${allowed}: fewer workers, or poll: sleep with application: sleep and --dilate`,
  );
}
