import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseHardwareConfig } from '../../../src/hw/machine/config.js';
import { examine, type MachineCheck, wouldFail } from '../../../src/hw/machine/examine.js';

const CONFIG = parseHardwareConfig(
  `
server:
  device: { pci: "0000:18:00.1" }
  address: { ip: 192.168.10.10 }
  workers: 2
  cores: { net: 0, dispatcher: 2, workers: [4, 6] }
`,
  'test.yaml',
);

let root: string;
const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'psp-doctor-'));
  put('sys/devices/system/cpu/online', '0-15\n');
  put('sys/devices/system/node/node0/cpulist', '0,2,4,6\n');
  put('sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages', '8192\n');
  put('sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages', '8192\n');
  put('proc/mounts', 'hugetlbfs /dev/hugepages hugetlbfs rw 0 0\n');
  put('sys/bus/pci/devices/0000:18:00.1/numa_node', '0\n');
  symlinkSync('/drivers/vfio-pci', join(root, 'sys/bus/pci/devices/0000:18:00.1/driver'));
  put('sys/devices/system/cpu/isolated', '0,2,4,6\n');
  put('sys/devices/system/cpu/nohz_full', '0,2,4,6\n');
  for (const core of [0, 4, 6])
    put(`sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`, `${core},${core + 8}\n`);
  put('sys/devices/system/cpu/intel_pstate/no_turbo', '1\n');
  for (const core of [0, 2, 4, 6]) put(`sys/devices/system/cpu/cpu${core}/cpufreq/scaling_governor`, 'performance\n');
  put('sys/bus/pci/devices/0000:18:00.1/iommu_group/type', 'DMA\n');
  put('proc/sys/kernel/nmi_watchdog', '0\n');
  put('proc/sys/kernel/watchdog', '0\n');
  put('proc/cpuinfo', 'flags\t\t: fpu constant_tsc nonstop_tsc\n');
  put('proc/irq/9/effective_affinity_list', '1\n');
  put('proc/self/limits', 'Max locked memory         unlimited            unlimited            bytes\n');
});
afterEach(() => rmSync(root, { recursive: true }));

const checks = (): MachineCheck[] => examine({ root, config: CONFIG, addon: { hasRocksdb: true } });

it('finds nothing wrong with a machine that is ready', () => {
  // The link of a NIC that DPDK has cannot be seen; the check says so.
  expect(checks().filter(({ verdict }) => verdict !== 'ok')).toEqual([
    { name: 'link', verdict: 'skip', found: expect.stringContaining('while vfio-pci has the device') },
  ]);
  expect(wouldFail(checks())).toBe(false);
});

it.each<[string, string, string, string, MachineCheck['verdict']]>([
  [
    'too few huge pages',
    'sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages',
    '0',
    'huge pages, node0',
    'fail',
  ],
  ['no hugetlbfs', 'proc/mounts', 'proc /proc proc rw 0 0', 'hugetlbfs', 'warn'],
  ['a NIC on another node', 'sys/devices/system/node/node0/cpulist', '1,3', 'NUMA', 'warn'],
  ['cores that are not there', 'sys/devices/system/cpu/online', '0-3', 'cores', 'fail'],
  ['cores that are not isolated', 'sys/devices/system/cpu/isolated', '0,2', 'isolcpus', 'warn'],
  ['cores with ticks', 'sys/devices/system/cpu/nohz_full', ' (null)', 'nohz_full', 'warn'],
  [
    'workers on one physical core',
    'sys/devices/system/cpu/cpu4/topology/thread_siblings_list',
    '4,6',
    'hyperthreads',
    'warn',
  ],
  ['turbo', 'sys/devices/system/cpu/intel_pstate/no_turbo', '0', 'turbo', 'warn'],
  ['a saving governor', 'sys/devices/system/cpu/cpu4/cpufreq/scaling_governor', 'powersave', 'governor', 'warn'],
  ['the NMI watchdog', 'proc/sys/kernel/nmi_watchdog', '1', 'nmi_watchdog', 'warn'],
  ['a TSC that varies', 'proc/cpuinfo', 'flags : fpu tsc', 'invariant TSC', 'fail'],
  ['interrupts', 'proc/irq/9/effective_affinity_list', '4-5', 'interrupts', 'warn'],
  ['a memlock limit', 'proc/self/limits', 'Max locked memory  65536  65536  bytes', 'memlock limit', 'warn'],
])('sees %s, and says how to mend it', (_, path, text, name, verdict) => {
  put(path, `${text}\n`);
  const found = checks().find((check) => check.name === name);
  expect(found).toMatchObject({ verdict, mend: expect.any(String) });
  expect(wouldFail(checks())).toBe(verdict === 'fail');
});

it('fails without the addon, without the NIC, and with the kernel driver on it', () => {
  expect(examine({ root, config: CONFIG, addon: undefined })[0]).toMatchObject({
    name: 'DPDK addon',
    verdict: 'fail',
  });
  rmSync(join(root, 'sys/bus/pci/devices/0000:18:00.1/driver'));
  symlinkSync('/drivers/i40e', join(root, 'sys/bus/pci/devices/0000:18:00.1/driver'));
  expect(checks().find(({ name }) => name.startsWith('NIC'))).toMatchObject({
    verdict: 'fail',
    found: 'bound to i40e',
  });
  rmSync(join(root, 'sys/bus/pci/devices'), { recursive: true });
  expect(checks().find(({ name }) => name.startsWith('NIC'))).toMatchObject({
    verdict: 'fail',
    found: 'no such device',
  });
});

it('wants neither huge pages nor isolation for a loopback, and skips aloud what it cannot read', () => {
  rmSync(root, { recursive: true });
  mkdirSync(root);
  expect(wouldFail(examine({ root, addon: { hasRocksdb: true } }))).toBe(false);
  expect(
    examine({ root, addon: { hasRocksdb: true } }).filter(({ verdict }) => verdict === 'skip').length,
  ).toBeGreaterThan(5);
});

it('counts huge pages where the NIC is, and those that are free', () => {
  put('sys/bus/pci/devices/0000:18:00.1/numa_node', '1\n');
  put('sys/devices/system/node/node1/cpulist', '0,2,4,6\n');
  put('sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages', '512\n');
  put('sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages', '3\n');
  put('sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages', '0\n');
  expect(checks().filter(({ name }) => name.startsWith('huge pages'))).toMatchObject([
    { name: 'huge pages, node0', verdict: 'ok' },
    {
      name: 'huge pages, node1',
      verdict: 'fail',
      found: "3 of 512 of 2 MB are free, 256 are needed on the NIC's node",
    },
  ]);
});

it('fails without an IOMMU, unless vfio is told to do without', () => {
  rmSync(join(root, 'sys/bus/pci/devices/0000:18:00.1/iommu_group'), { recursive: true });
  const found = () => checks().find(({ name }) => name === 'IOMMU');
  expect(found()).toMatchObject({ verdict: 'fail', mend: expect.stringContaining('intel_iommu=on') });
  put('sys/module/vfio/parameters/enable_unsafe_noiommu_mode', 'Y\n');
  expect(found()).toMatchObject({ verdict: 'ok' });
});

it('fails without the network interface, and without RocksDB where it is to run', () => {
  const config = parseHardwareConfig(
    'server: { device: { af_packet: eth7 }, address: { ip: 1.2.3.4 }, workers: 1, application: { rocksdb: { ' +
      'path: /db } } }',
    'test.yaml',
  );
  put('sys/class/net/eth0/operstate', 'up\n');
  const failing = examine({ root, config, addon: { hasRocksdb: false } }).filter(({ verdict }) => verdict === 'fail');
  expect(failing.map(({ name }) => name)).toEqual(['RocksDB', 'interface eth7']);
  put('sys/class/net/eth7/operstate', 'up\n');
  expect(wouldFail(examine({ root, config, addon: { hasRocksdb: true } }))).toBe(false);
});

it('never advises to overwrite a whole machine register', () => {
  rmSync(join(root, 'sys/devices/system/cpu/intel_pstate'), { recursive: true });
  expect(checks().find(({ name }) => name === 'turbo')!.mend).toContain('rdmsr');
});
