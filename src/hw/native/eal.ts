/** Starts DPDK, with the arguments for the device and the memory of a run. */

import { resolve } from 'node:path';
import { EnvironmentError, InputError } from '../../units/errors.js';
import type { Device } from '../machine/config.js';
import type { Native } from './native.js';
import { makeRunFolder, removeRunFolder } from './run-folder.js';

/** The name of a device in DPDK, and the arguments that open it. */
export interface DeviceArguments {
  readonly name: string;
  readonly eal: readonly string[];
}

/** `queues` is the number of queue pairs. */
export function deviceArguments(device: Device, queues: number): DeviceArguments {
  switch (device.kind) {
    case 'pci':
      return { name: device.address, eal: ['-a', device.address] };
    case 'memif': {
      const role = device.listens ? 'server' : 'client';
      // DPDK takes absolute paths only. An abstract socket would leave no file, but could not be seen either.
      return {
        name: 'net_memif0',
        eal: ['--no-pci', `--vdev=net_memif0,role=${role},id=0,socket=${resolve(device.socket)},socket-abstract=no`],
      };
    }
    case 'af_packet':
      return {
        name: 'net_af_packet0',
        eal: ['--no-pci', `--vdev=net_af_packet0,iface=${device.interface},qpairs=${queues}`],
      };
  }
}

/** Memory without huge pages, which any user may have: enough for the frame pool. */
const WITHOUT_HUGE_PAGES = ['--no-huge', '--no-shconf', '-m', '256'];
/** Huge pages that are free again when the process ends, however it ends. */
const HUGE_PAGES = ['--in-memory'];
/** With one of these arguments no huge pages stay behind as files. */
const MEMORY_CHOICES = ['--in-memory', '--no-huge', '--huge-unlink'];

/**
 * The complete arguments of rte_eal_init.
 *
 * @param given the configuration's own `eal` arguments; when there are none, only a NIC gets huge pages
 * @param mainCore where DPDK's main thread (which only waits) may live
 */
export function ealArguments(device: DeviceArguments, given: readonly string[], mainCore: number): string[] {
  const memory = given.length > 0 ? given : device.eal[0] === '-a' ? HUGE_PAGES : WITHOUT_HUGE_PAGES;
  const chosen = memory.some((argument) => MEMORY_CHOICES.includes(argument.split('=')[0]!));
  return [
    ...device.eal,
    ...memory,
    ...(chosen ? [] : ['--huge-unlink']),
    '--no-telemetry',
    `--file-prefix=psp-${process.pid}`,
    `--lcores=0@${mainCore}`,
    '--log-level=lib.eal:warning',
    '--log-level=pmd.*:error',
  ];
}

/** DPDK, running in this process. */
export interface Eal {
  /** What DPDK said while it started, in one line; often empty. */
  readonly words: string;
  /** Ends it. */
  stop(): void;
}

/**
 * Starts DPDK, with its files in a folder of this run: DPDK's own default folder belongs to the first user who runs it.
 *
 * @param given that folder, when somebody else will remove it
 * @throws EnvironmentError with DPDK's refusal in one line, and what mends it where that is known
 */
export function startEal(native: Pick<Native, 'startEal' | 'stopEal'>, args: readonly string[], given?: string): Eal {
  const folder = given ?? makeRunFolder();
  const remove = (): void => {
    if (given === undefined) removeRunFolder(folder);
  };
  process.env.RUNTIME_DIRECTORY = folder;
  try {
    const words = native.startEal(args);
    const stop = (): void => {
      native.stopEal();
      remove();
    };
    return { words, stop };
  } catch (error) {
    remove();
    const message = (error as Error).message.split('\n')[0]!;
    const mend = /huge ?page/i.test(message) ? '; psp doctor says how to give it huge pages' : '';
    throw new EnvironmentError(message + mend);
  }
}

/**
 * Makes one line of what native code refused. If DPDK could not open a device, what it said at its start explains why.
 */
export function startupError(error: unknown, words = ''): InputError | EnvironmentError {
  if (error instanceof EnvironmentError || error instanceof InputError) return error;
  const message = (error as Error).message.split('\n')[0]!;
  return new EnvironmentError(
    message.includes('knows no such device') && words !== '' ? `${message}; DPDK said: ${words}` : message,
  );
}
