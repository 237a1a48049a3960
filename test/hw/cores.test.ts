import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { allowedCores, parseCoreList } from '../../src/hw/cores.js';
import { refuseLongDemands } from '../../src/hw/trace.js';

const root = `${mkdtempSync(join(tmpdir(), 'psp-test-'))}/`;
afterAll(() => rmSync(root, { recursive: true }));

test('the kernel lists cores as ranges', () => {
  expect(parseCoreList('0-3,8,10-11\n')).toEqual([0, 1, 2, 3, 8, 10, 11]);
  expect(parseCoreList('\n')).toEqual([]);
});

test('cores kept for threads that ask for them by number are allowed, though they are in no list of a process', () => {
  mkdirSync(join(root, 'proc/self'), { recursive: true });
  writeFileSync(join(root, 'proc/self/status'), 'Name:\tnode\nCpus_allowed_list:\t0-1,8\n');
  expect(allowedCores(root)).toEqual([0, 1, 8]);
  mkdirSync(join(root, 'sys/devices/system/cpu'), { recursive: true });
  writeFileSync(join(root, 'sys/devices/system/cpu/isolated'), '2-7\n');
  expect(allowedCores(root)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a demand must fit a frame when it is stretched', () => {
  const none = { length: 0, arrivalNs: new Float64Array(), type: new Uint16Array(), flow: new Uint32Array() };
  const trace = { ...none, serviceNs: Float64Array.of(1e3, 100e3) };
  expect(() => refuseLongDemands(trace, 42_949)).not.toThrow();
  expect(() => refuseLongDemands(trace, 42_950)).toThrow(
    'dilate: the longest request takes 100us, which stretched 42950 times is beyond the 4.29 s that a frame can ask for: expected at most --dilate 42949',
  );
});
