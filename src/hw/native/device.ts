/**
 * Is the device of a run there, and free? Checked before DPDK starts, because DPDK's own messages are about its
 * drivers.
 */

import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../../units/errors.js';
import type { Device } from '../machine/config.js';
import { LONGEST_SOCKET_PATH, unfitForDpdk } from './run-folder.js';

const LOOK_EVERY_MS = 50;

/**
 * Refuses a device that cannot be used. Removes a memif socket that a killed server left behind.
 *
 * @param options.waitNs how long the client's end waits for the server's socket: the two may be started in any order
 * @param options.signal ends that wait
 * @throws EnvironmentError with one line when the device is not there or in use
 */
export async function refuseMissingDevice(
  device: Device,
  { waitNs = 0, signal, root = '/' }: { waitNs?: number; signal?: AbortSignal | undefined; root?: string } = {},
): Promise<void> {
  switch (device.kind) {
    case 'pci':
      if (!existsSync(`${root}sys/bus/pci/devices/${device.address}`)) {
        throw new EnvironmentError(
          `device ${device.address}: this machine has no such PCI device; ` +
            'lspci -D | grep -i ethernet shows those it has',
        );
      }
      return;
    case 'af_packet':
      if (unfitForDpdk(device.interface)) {
        throw new EnvironmentError(`device ${device.interface}: ${unfitForDpdk(device.interface)}`);
      }
      if (!existsSync(`${root}sys/class/net/${device.interface}`)) {
        const found = existsSync(`${root}sys/class/net`) ? readdirSync(`${root}sys/class/net`).join(', ') : 'none';
        throw new EnvironmentError(
          `device ${device.interface}: this machine has no such network interface; it has ${found}`,
        );
      }
      return;
    case 'memif':
      refuseSocketPath(device.socket);
      return device.listens ? freeSocket(device.socket) : serverAt(device.socket, waitNs, signal);
  }
}

/** A process that ends gives its device back within this time. */
const HELD_MS = 10_000;

/**
 * Waits until no other end of a testbed has the device, and has it until this process ends, however it ends: the name
 * is that of a socket without a file.
 *
 * @throws EnvironmentError when another process keeps it
 */
export async function holdDevice(device: Device, signal?: AbortSignal): Promise<void> {
  const limit = Date.now() + HELD_MS;
  const { kind, ...rest } = device;
  const name = createHash('sha256')
    .update(JSON.stringify([kind, rest]))
    .digest('hex')
    .slice(0, 32);
  while (!signal?.aborted && !(await isNameMine(`\0psp-device-${name}`))) {
    const { address, socket, interface: link } = rest as Readonly<Record<string, string>>;
    if (Date.now() > limit) throw new EnvironmentError(`device ${address ?? socket ?? link}: in use by another psp`);
    await sleep(LOOK_EVERY_MS);
  }
}

function isNameMine(name: string): Promise<boolean> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('listening', () => resolve(true));
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(name).unref();
  });
}

/** DPDK is given the absolute path. */
function refuseSocketPath(path: string): void {
  const absolute = resolve(path);
  const bytes = Buffer.byteLength(absolute);
  const why =
    bytes > LONGEST_SOCKET_PATH
      ? `the path has ${bytes} bytes, the kernel takes ${LONGEST_SOCKET_PATH}`
      : unfitForDpdk(absolute);
  if (why) throw new EnvironmentError(`memif socket ${path}: ${why}`);
}

async function freeSocket(path: string): Promise<void> {
  const refuse = (why: string): never => {
    throw new EnvironmentError(`memif socket ${path}: ${why}`);
  };
  if (!existsSync(dirname(path))) refuse(`there is no folder ${dirname(path)}`);
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return;
  if (!entry.isSocket()) refuse('a file of that name exists and is not a socket');
  if (await answers(path)) refuse('in use by another server');
  rmSync(path);
}

async function serverAt(path: string, waitNs: number, signal?: AbortSignal): Promise<void> {
  const limit = Date.now() + waitNs / 1e6;
  while (!signal?.aborted && !(await answers(path))) {
    if (Date.now() > limit) {
      throw new EnvironmentError(
        `memif socket ${path}: no server listened there within ${Math.round(waitNs / 1e9)} s: is it running?`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * Does a memif server listen? Its socket is of another kind (SEQPACKET), so the kernel always refuses this connection
 * and disturbs nobody; its error code says whether somebody listens.
 */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EPROTOTYPE'));
  });
}
