/** Examines what this machine has and lacks for a run on DPDK. Reads /proc and /sys and changes nothing. */

import { HOW_TO_BUILD } from '../native/native.js';
import type { HardwareConfig } from './config.js';
import { chooseNet, parseCoreList, serverCoresNeeded } from './cores.js';
import { Machine } from './machine-files.js';

/**
 * `fail`: a run would not start. `warn`: it would, but its tail would not be the policy's. `skip`: cannot be told here.
 */
export type MachineVerdict = 'ok' | 'warn' | 'fail' | 'skip';

export interface MachineCheck {
  readonly name: string;
  readonly verdict: MachineVerdict;
  readonly found: string;
  /** The command that mends it; absent when there is nothing to mend. */
  readonly mend?: string;
}

export interface DoctorOptions {
  /** What stands for `/`; another folder in tests. */
  readonly root?: string;
  readonly config?: HardwareConfig;
  /** What the addon can do; undefined when it is not built. */
  readonly addon: { readonly hasRocksdb: boolean } | undefined;
}

/** The frame pool and a margin need this many pages of 2 MB. Perséphone reserves 8192 on each node. */
const HUGE_PAGES_NEEDED = 256;
const HUGE_PAGES_ADVISED = 8192;
const NIC_DRIVERS = ['vfio-pci', 'igb_uio', 'uio_pci_generic'];

/** Makes all checks. With a PCI device in the configuration, huge pages, driver and link must be right. */
export function examine({ root = '/', config, addon }: DoctorOptions): MachineCheck[] {
  const machine = new Machine(root);
  const ends = [config?.server, config?.client].filter((end) => end !== undefined);
  const pci = [...new Set(ends.flatMap(({ device }) => (device.kind === 'pci' ? [device.address] : [])))];
  const spins = ends.some((end) => end.poll === 'spin');
  const { server, client } = config ?? {};
  const cores = [
    server?.cores.net,
    server?.cores.dispatcher,
    ...(server?.cores.workers ?? []),
    // Of a configuration with both ends the server's cores count: --role client is for the other machine.
    ...(server ? [] : (client?.cores ?? [])),
  ].filter((core) => core !== undefined && core >= 0) as number[];
  return [
    addon ? ok('DPDK addon', 'built') : { name: 'DPDK addon', verdict: 'fail', found: 'not built', mend: HOW_TO_BUILD },
    enoughCores(machine, server, cores),
    ...(server?.application.name === 'rocksdb' ? [rocksdb(addon)] : []),
    ...ends.flatMap(({ device }) => (device.kind === 'af_packet' ? [networkInterface(machine, device.interface)] : [])),
    ...hugePages(
      machine,
      pci,
      ends.some((end) => end.eal.includes('--no-huge')),
    ),
    ...pci.flatMap((address) => nic(machine, address, cores)),
    isolation(machine, 'isolcpus', '/sys/devices/system/cpu/isolated', cores, spins),
    isolation(machine, 'nohz_full', '/sys/devices/system/cpu/nohz_full', cores, spins),
    siblings(machine, server?.cores.workers ?? []),
    turbo(machine),
    governor(machine, cores),
    watchdog(machine, 'nmi_watchdog'),
    watchdog(machine, 'watchdog'),
    invariantTsc(machine),
    irqAffinity(machine, cores),
    memlock(machine, pci.length > 0),
  ];
}

/** Would a run fail? */
export function wouldFail(checks: readonly MachineCheck[]): boolean {
  return checks.some((check) => check.verdict === 'fail');
}

function ok(name: string, found: string): MachineCheck {
  return { name, verdict: 'ok', found };
}
function skip(name: string): MachineCheck {
  return { name, verdict: 'skip', found: 'cannot be read here' };
}

function enoughCores(machine: Machine, server: HardwareConfig['server'], cores: readonly number[]): MachineCheck {
  const online = parseCoreList(machine.read('/sys/devices/system/cpu/online') ?? '');
  const name = 'cores';
  if (online.length === 0) return skip(name);
  const missing = cores.filter((core) => !online.includes(core));
  if (missing.length > 0) {
    return {
      name,
      verdict: 'fail',
      found: `core ${missing.join(', ')} of the configuration is not online`,
      mend: 'edit cores: in the configuration (lscpu -e)',
    };
  }
  const net = server && chooseNet(server, online.length);
  const needed = server ? serverCoresNeeded(server.workers, net!) : 0;
  if (server?.poll === 'spin' && online.length < needed) {
    return {
      name,
      verdict: 'fail',
      found: `${online.length}, ${needed} are needed by ${server.workers} workers that spin`,
      mend: 'fewer workers, or poll: sleep with application: sleep and --dilate',
    };
  }
  return ok(name, `${online.length} online`);
}

function rocksdb(addon: DoctorOptions['addon']): MachineCheck {
  const name = 'RocksDB';
  if (!addon) return { ...skip(name), found: 'cannot be told without the addon' };
  if (addon.hasRocksdb) return ok(name, 'built in');
  const mend = 'sudo apt-get install -y librocksdb-dev && npx psp build-native';
  return { name, verdict: 'fail', found: 'the addon was built without it', mend };
}

function networkInterface(machine: Machine, wanted: string): MachineCheck {
  const name = `interface ${wanted}`;
  const found = machine.list('/sys/class/net');
  if (found.length === 0) return skip(name);
  if (!found.includes(wanted)) {
    return {
      name,
      verdict: 'fail',
      found: `not there; this machine has ${found.join(', ')}`,
      mend: 'edit device: in the configuration',
    };
  }
  const state = machine.read(`/sys/class/net/${wanted}/operstate`)?.trim();
  if (state !== 'down') return ok(name, `there, ${state ?? 'of unknown state'}`);
  return { name, verdict: 'warn', found: 'down', mend: `sudo ip link set ${wanted} up` };
}

/** Only free pages count: other programs may hold the rest. A NIC needs them on its own node. */
function hugePages(machine: Machine, pci: readonly string[], avoided: boolean): MachineCheck[] {
  const nodes = machine.list('/sys/devices/system/node').filter((name) => /^node\d+$/.test(name));
  const wanted = new Set(
    pci.map((address) => `node${Math.max(0, Number(machine.read(`/sys/bus/pci/devices/${address}/numa_node`) ?? 0))}`),
  );
  const pages = nodes.map((node): MachineCheck => {
    const folder = `/sys/devices/system/node/${node}/hugepages/hugepages-2048kB`;
    const free = Number(machine.read(`${folder}/free_hugepages`) ?? Number.NaN);
    const all = Number(machine.read(`${folder}/nr_hugepages`) ?? Number.NaN);
    const name = `huge pages, ${node}`;
    if (Number.isNaN(free)) return skip(name);
    if (free >= HUGE_PAGES_NEEDED) return ok(name, `${free} of 2 MB free`);
    if (avoided || (wanted.size > 0 && !wanted.has(node))) return ok(name, `${free} of 2 MB free, none needed here`);
    return {
      name,
      verdict: wanted.has(node) ? 'fail' : 'warn',
      found:
        `${free} of ${Number.isNaN(all) ? free : all} of 2 MB are free, ` +
        `${HUGE_PAGES_NEEDED} are needed${wanted.has(node) ? " on the NIC's node" : ''}`,
      mend: `echo ${HUGE_PAGES_ADVISED} | sudo tee ${folder}/nr_hugepages`,
    };
  });
  const mounts = machine.read('/proc/mounts');
  const mounted = mounts?.split('\n').some((line) => line.split(' ')[2] === 'hugetlbfs');
  const fs: MachineCheck =
    mounts === undefined
      ? skip('hugetlbfs')
      : mounted
        ? ok('hugetlbfs', 'mounted')
        : {
            name: 'hugetlbfs',
            verdict: 'warn',
            found: 'not mounted (needed without --in-memory)',
            mend: 'sudo mkdir -p /dev/hugepages && sudo mount -t hugetlbfs none /dev/hugepages',
          };
  return [...pages, fs];
}

function nic(machine: Machine, address: string, cores: readonly number[]): MachineCheck[] {
  const folder = `/sys/bus/pci/devices/${address}`;
  if (!machine.has(folder)) {
    return [
      {
        name: `NIC ${address}`,
        verdict: 'fail',
        found: 'no such device',
        mend: 'lspci -D | grep -i ethernet, then edit device: in the configuration',
      },
    ];
  }
  const driver = machine.link(`${folder}/driver`);
  // A Mellanox card stays with its kernel driver.
  const usable = driver !== undefined && (NIC_DRIVERS.includes(driver) || driver.startsWith('mlx'));
  const node = Number(machine.read(`${folder}/numa_node`) ?? -1);
  const nodeCores =
    node < 0 ? undefined : parseCoreList(machine.read(`/sys/devices/system/node/node${node}/cpulist`) ?? '');
  const far = nodeCores ? cores.filter((core) => !nodeCores.includes(core)) : [];
  const checks: MachineCheck[] = [
    usable
      ? ok(`NIC ${address}`, `bound to ${driver}`)
      : {
          name: `NIC ${address}`,
          verdict: 'fail',
          found: driver ? `bound to ${driver}` : 'bound to no driver',
          mend: `sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci ${address}`,
        },
    far.length === 0
      ? ok('NUMA', node < 0 ? 'one node' : `NIC and cores on node ${node}`)
      : {
          name: 'NUMA',
          verdict: 'warn',
          found: `cores ${far.join(', ')} are not on the NIC's node ${node}`,
          mend: `choose cores from ${machine.read(`/sys/devices/system/node/node${node}/cpulist`)?.trim()}`,
        },
  ];
  if (usable && driver === 'vfio-pci') checks.push(iommu(machine, folder));
  if (machine.list(`${folder}/net`).length === 0) {
    // Only the driver of the device can see its link.
    const found = `cannot be seen while ${driver ?? 'no driver'} has the device; psp says so when it is down`;
    checks.push({ ...skip('link'), found });
  }
  for (const port of machine.list(`${folder}/net`)) {
    const state = machine.read(`${folder}/net/${port}/operstate`)?.trim();
    checks.push(
      state === 'up'
        ? ok('link', `${port} is up`)
        : {
            name: 'link',
            verdict: 'warn',
            found: `${port} is ${state ?? 'unknown'}`,
            mend: `sudo ip link set ${port} up`,
          },
    );
  }
  return checks;
}

/** vfio-pci opens a device only in an IOMMU group, or when it was told to do without. */
function iommu(machine: Machine, folder: string): MachineCheck {
  const name = 'IOMMU';
  if (machine.has(`${folder}/iommu_group`)) return ok(name, 'the NIC has a group');
  if (machine.read('/sys/module/vfio/parameters/enable_unsafe_noiommu_mode')?.trim() === 'Y')
    return ok(name, 'done without');
  return {
    name,
    verdict: 'fail',
    found: 'off: vfio-pci cannot open the NIC',
    mend:
      'add intel_iommu=on iommu=pt to GRUB_CMDLINE_LINUX in /etc/default/grub, sudo update-grub, reboot; ' +
      'or, without any protection, echo 1 | sudo tee /sys/module/vfio/parameters/enable_unsafe_noiommu_mode',
  };
}

function isolation(
  machine: Machine,
  name: string,
  path: string,
  cores: readonly number[],
  spins: boolean,
): MachineCheck {
  const text = machine.read(path);
  if (text === undefined) return skip(name);
  const isolated = parseCoreList(text.includes('null') ? '' : text);
  const exposed = cores.filter((core) => !isolated.includes(core));
  if (!spins || exposed.length === 0)
    return ok(name, isolated.length > 0 ? `cores ${text.trim()}` : 'none, none needed');
  return {
    name,
    verdict: 'warn',
    found: `cores ${exposed.join(',')} are not in it`,
    mend: `add ${name}=${cores.join(',')} to GRUB_CMDLINE_LINUX in /etc/default/grub, sudo update-grub, reboot`,
  };
}

function siblings(machine: Machine, workers: readonly number[]): MachineCheck {
  const name = 'hyperthreads';
  const text = (core: number): string | undefined =>
    machine.read(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`);
  if (text(0) === undefined) return skip(name);
  const sharing = workers.filter((core) =>
    parseCoreList(text(core) ?? '').some((other) => other !== core && workers.includes(other)),
  );
  if (sharing.length === 0) return ok(name, 'no two workers share a physical core');
  return {
    name,
    verdict: 'warn',
    found: `workers on ${sharing.join(', ')} share physical cores`,
    mend: 'choose one hyperthread of each core (lscpu -e)',
  };
}

function turbo(machine: Machine): MachineCheck {
  const name = 'turbo';
  const noTurbo = machine.read('/sys/devices/system/cpu/intel_pstate/no_turbo')?.trim();
  const boost = machine.read('/sys/devices/system/cpu/cpufreq/boost')?.trim();
  if (noTurbo === undefined && boost === undefined)
    // Only this bit is set: the others of that register differ from machine to machine.
    return {
      ...skip(name),
      mend:
        'off in the BIOS, or bit 38 of MSR 0x1a0 on each core (Intel; package msr-tools): sudo modprobe msr; ' +
        'for c in $(seq 0 $(($(nproc --all) - 1))); do ' +
        'sudo wrmsr -p $c 0x1a0 $(($(sudo rdmsr -c -p $c 0x1a0) | 1 << 38)); done',
    };
  if (noTurbo === '1' || boost === '0') return ok(name, 'off');
  const mend =
    noTurbo === undefined
      ? 'echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost'
      : 'echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo';
  return { name, verdict: 'warn', found: 'on: the clock changes with the load', mend };
}

function governor(machine: Machine, cores: readonly number[]): MachineCheck {
  const name = 'governor';
  const of = (core: number): string | undefined =>
    machine.read(`/sys/devices/system/cpu/cpu${core}/cpufreq/scaling_governor`)?.trim();
  const known = (cores.length > 0 ? cores : [0])
    .map((core) => ({ core, found: of(core) }))
    .filter(({ found }) => found !== undefined);
  if (known.length === 0) return skip(name);
  const saving = known.filter(({ found }) => found !== 'performance');
  if (saving.length === 0) return ok(name, 'performance');
  return {
    name,
    verdict: 'warn',
    found: `${list(new Set(saving.map(({ found }) => found)))} on ${list(saving.map(({ core }) => core))}`,
    mend: 'sudo cpupower frequency-set -g performance',
  };
}

function list(all: Iterable<string | number | undefined>): string {
  return [...all].join(', ');
}

function watchdog(machine: Machine, name: string): MachineCheck {
  const found = machine.read(`/proc/sys/kernel/${name}`)?.trim();
  if (found === undefined) return skip(name);
  return found === '0' ? ok(name, 'off') : { name, verdict: 'warn', found: 'on', mend: `sudo sysctl kernel.${name}=0` };
}

function invariantTsc(machine: Machine): MachineCheck {
  const name = 'invariant TSC';
  const flags = /^flags\s*:\s*(.*)$/m.exec(machine.read('/proc/cpuinfo') ?? '')?.[1]?.split(' ');
  if (!flags) return skip(name);
  return flags.includes('constant_tsc') && flags.includes('nonstop_tsc')
    ? ok(name, 'yes')
    : { name, verdict: 'fail', found: 'no: its rate changes, and psp measures time with it', mend: 'another machine' };
}

function irqAffinity(machine: Machine, cores: readonly number[]): MachineCheck {
  const name = 'interrupts';
  const irqs = machine.list('/proc/irq').filter((irq) => /^\d+$/.test(irq));
  if (irqs.length === 0) return skip(name);
  const disturbing = irqs.filter((irq) => {
    const on = parseCoreList(
      machine.read(`/proc/irq/${irq}/effective_affinity_list`) ??
        machine.read(`/proc/irq/${irq}/smp_affinity_list`) ??
        '',
    );
    return on.some((core) => cores.includes(core));
  });
  if (disturbing.length === 0) return ok(name, 'none on the cores of the run');
  return {
    name,
    verdict: 'warn',
    found: `${disturbing.length} go to cores of the run`,
    mend: 'sudo systemctl stop irqbalance; for i in /proc/irq/*/smp_affinity_list; do echo 0 | sudo tee $i; done',
  };
}

function memlock(machine: Machine, needed: boolean): MachineCheck {
  const name = 'memlock limit';
  const soft = /^Max locked memory\s+(\S+)/m.exec(machine.read('/proc/self/limits') ?? '')?.[1];
  if (soft === undefined) return skip(name);
  if (soft === 'unlimited' || Number(soft) >= HUGE_PAGES_NEEDED * 2 ** 21 || !needed) return ok(name, soft);
  return { name, verdict: 'warn', found: `${soft} bytes`, mend: 'ulimit -l unlimited (or run as root)' };
}
