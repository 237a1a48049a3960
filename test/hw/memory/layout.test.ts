import { expect, it } from 'vitest';
import { Control, clearSharedMemory, createSharedMemory, Mailbox, RunState } from '../../../src/hw/memory/layout.js';

it('a stop that comes during the warm-up is not forgotten when the memory is cleared', () => {
  const memory = createSharedMemory({ workers: 2, types: 1, slots: 4, arrivalsCapacity: 4 });
  const words = new Int32Array(memory.buffer, memory.base, memory.totalBytes / 4);
  const startSlot = (memory.mailboxesOffset + Mailbox.startSlot) / 4;
  words[Control.runState / 4] = RunState.halted;
  words[startSlot] = 3;
  clearSharedMemory(memory);
  expect([words[Control.runState / 4], words[startSlot]]).toEqual([RunState.halted, 0]);
});
