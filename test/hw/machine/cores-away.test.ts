import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sendingGaps, waitedNs } from '../../../src/hw/machine/cores-away.js';
import { scratchFolder } from '../../cli/psp.js';

const root = `${scratchFolder()}/`;
const ms = (...times: number[]) => Float64Array.from(times, (time) => time * 1e6);

it('a load generator was away when a request was due and it sent nothing for a millisecond', () => {
  // One that is only too slow sends all the time; a request that was skipped was not late.
  expect(sendingGaps({ plannedNs: ms(0, 1, 2, 3, 4, 20) }, { sentNs: ms(0, 1.9, 2.8, 3.7, 4.6, 20) }, 1)).toEqual([]);
  const late = sendingGaps({ plannedNs: ms(0, 1, 2, 3, 9) }, { sentNs: ms(0, 1, Number.NaN, 7, 9.5) }, 1);
  expect(late).toEqual([...ms(3, 7)]);
  // What the other thread sends is no sign that this one has its core.
  const two = sendingGaps({ plannedNs: ms(0, 0, 1, 1, 2, 2) }, { sentNs: ms(0, 0, 1, 5, 2, 5) }, 2);
  expect(two).toEqual([...ms(1, 5)]);
});

it("the kernel says for how long psp's threads waited for a core", () => {
  const threads = { 10: ['node', '1 1000 1'], 11: ['psp-worker-0', '9 20 3'], 12: ['psp-net', '9 3 3'], 13: ['psp-x'] };
  for (const [id, [comm, schedstat]] of Object.entries(threads)) {
    const task = join(root, 'proc/self/task', id);
    mkdirSync(task, { recursive: true });
    writeFileSync(join(task, 'comm'), `${comm}\n`);
    if (schedstat) writeFileSync(join(task, 'schedstat'), `${schedstat}\n`);
  }
  expect(waitedNs(root)).toBe(23);
});
