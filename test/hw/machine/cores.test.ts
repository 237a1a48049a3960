import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { allowedCores, ownsItsCores, parseCoreList } from '../../../src/hw/machine/cores.js';
import { type Dilation, fitDemands } from '../../../src/hw/run/dilation.js';

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

test('a quota of less than its cores, of its own group or of one above, makes a process share them', () => {
  const group = join(root, 'sys/fs/cgroup/box/task');
  mkdirSync(join(root, 'proc/self'), { recursive: true });
  mkdirSync(group, { recursive: true });
  writeFileSync(join(root, 'proc/self/status'), 'Cpus_allowed_list:\t0-3\n');
  const withQuotas = (above: string, own: string) => {
    writeFileSync(join(group, '../cpu.max'), `${above}\n`);
    writeFileSync(join(group, 'cpu.max'), `${own}\n`);
    return ownsItsCores(root);
  };
  // At first there are no files about groups.
  expect(withQuotas('100000 100000', '100000 100000')).toBe(true);
  writeFileSync(join(root, 'proc/self/cgroup'), '0::/box/task\n');
  expect(withQuotas('max 100000', 'max 100000')).toBe(true);
  expect(withQuotas('max 100000', '400000 100000')).toBe(true);
  expect(withQuotas('max 100000', '399999 100000')).toBe(false);
  expect(withQuotas('200000 100000', 'max 100000')).toBe(false);
  writeFileSync(join(root, 'proc/self/cgroup'), '0::/\n');
  expect(ownsItsCores(root)).toBe(true);
});

test('a stretched demand must fit a frame: a chosen factor gives way, one that was asked for is refused', () => {
  const asked: Dilation = { factor: 42_950, shared: true, net: 'inline', reason: '' };
  expect(fitDemands({ ...asked, factor: 42_949 }, 100e3, false).factor).toBe(42_949);
  expect(() => fitDemands(asked, 100e3, false)).toThrow(
    '--dilate: the longest request of 100us becomes 4.29s, beyond the 4.29 s a frame can carry: expected at ' +
      'most 42949, found 42950',
  );
  expect(fitDemands(asked, 100e3, true).factor).toBeLessThanOrEqual(42_949);
  expect(() => fitDemands(asked, 5e9, true)).toThrow('beyond the 4.29 s');
});
