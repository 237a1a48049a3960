/** Which cores this process may run on. */
import { readFileSync } from 'node:fs';
import type { Poll } from './native.js';
import { StartupError } from './startup-error.js';

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

/**
 * The cores a thread of this process may be pinned to, ascending: those the kernel lets it use, and those that `isolcpus` keeps for threads that ask for them by
 * number, which are in no process's list.
 */
export function allowedCores(root = '/'): number[] {
  const status = readFileSync(`${root}proc/self/status`, 'utf8');
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1];
  const cores = list === undefined ? [0] : parseCoreList(list);
  return [...new Set([...cores, ...isolatedCores(root)])].sort((a, b) => a - b);
}

function isolatedCores(root: string): number[] {
  try {
    return parseCoreList(readFileSync(`${root}sys/devices/system/cpu/isolated`, 'utf8'));
  } catch {
    return [];
  }
}

export function firstAllowedCore(): number {
  return allowedCores()[0] ?? 0;
}

/** @throws StartupError naming the first configured core that this process may not use. */
export function refuseMissingCores(cores: readonly (number | undefined)[]): void {
  const allowed = allowedCores();
  const missing = cores.find((core) => core !== undefined && core >= 0 && !allowed.includes(core));
  if (missing !== undefined) {
    throw new StartupError(
      `cores: the configuration wants core ${missing}, this process may use ${allowed.length} cores: ${allowed.join(', ')}`,
    );
  }
}

/** Net thread and dispatcher; DPDK's main thread only waits. */
export const CORES_BESIDE_WORKERS = 2;

/** @throws StartupError when threads that spin would have to share cores: each would stop the others for milliseconds. */
export function refuseCrowdedCores(poll: Poll, workers: number, allowed = allowedCores().length): void {
  const needed = workers + CORES_BESIDE_WORKERS;
  if (poll !== 'spin' || allowed >= needed) return;
  throw new StartupError(
    `cores: ${workers} workers that spin want ${needed} cores with net thread and dispatcher, this process may use ${allowed}: ` +
      'fewer workers, or poll: sleep with application: sleep and --dilate',
  );
}
