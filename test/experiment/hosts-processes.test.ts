import { expect, it } from 'vitest';
import { beginInFreeProcess } from '../../src/experiment/hosts/host-end.js';
import type { Child } from '../../src/hw/run/child-process.js';

/** A process that is not there. */
function process(trouble?: string): Pick<Child, 'send' | 'next'> {
  const next = () => (trouble ? Promise.reject(new Error(trouble)) : Promise.resolve({ kind: 'serverReady' }));
  return { send: () => {}, next: next as unknown as Child['next'] };
}

const ORDER = { kind: 'server' } as Parameters<typeof beginInFreeProcess>[1];
const TAKEN = 'could not set PACKET_FANOUT on AF_PACKET socket: Invalid argument';

it('another process is tried when the fanout group of a device is taken, and only then', async () => {
  const free = process();
  let forks = 0;
  const forkOf = (trouble?: string) => async () => {
    forks++;
    return trouble ? process(trouble) : free;
  };
  expect((await beginInFreeProcess(process(TAKEN), ORDER, forkOf())).child).toBe(free);
  expect(forks).toBe(1);
  await expect(beginInFreeProcess(process('no such device'), ORDER, forkOf())).rejects.toThrow('no such device');
  expect(forks).toBe(1);
  await expect(beginInFreeProcess(process(TAKEN), ORDER, forkOf(TAKEN))).rejects.toThrow('PACKET_FANOUT');
  expect(forks).toBe(4);
});
