import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declaredProfile, hardwarePolicy } from '../../../src/hw/dispatcher/hardware-policy.js';
import { defaultClassifier } from '../../../src/hw/machine/classifier-config.js';
import { parseHardwareConfig } from '../../../src/hw/machine/config.js';
import {
  allowedCores,
  chooseNet,
  firstAllowedCore,
  loopbackCores,
  refuseCrowdedCores,
  refuseMissingCores,
} from '../../../src/hw/machine/cores.js';
import { deviceArguments, ealArguments } from '../../../src/hw/native/eal.js';
import { wireClassifier, wireCodes } from '../../../src/hw/native/wire-codes.js';
import { chooseDilation, fitDemands, givenDilation } from '../../../src/hw/run/dilation.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';
import { workloadNamed } from '../support.js';

const shipped = (name: string) => {
  const path = new URL(`../../../configs/${name}.yaml`, import.meta.url);
  return parseHardwareConfig(readFileSync(path, 'utf8'), `configs/${name}.yaml`);
};

describe('configurations', () => {
  it('that come with psp are right', () => {
    const { server, client, frame } = shipped('c6420');
    expect(frame).toBe('psp');
    expect(server).toMatchObject({
      device: { kind: 'pci', address: '0000:18:00.1' },
      workers: 14,
      descriptors: 128,
      poll: 'spin',
    });
    expect(server!.cores.workers).toHaveLength(14);
    expect(client).toMatchObject({ server: { ip: '192.168.10.10', port: 6789 }, drainNs: 1e9 });
    expect(shipped('c6420-client').client!.share).toEqual({ clients: 6, index: 1 });
    expect(shipped('loopback').server!.device).toMatchObject({ kind: 'memif', listens: true });
    expect(shipped('loopback').client!.device).toMatchObject({ kind: 'memif', listens: false });
  });

  it.each([
    ['server: 3', 'f.yaml:1:9: server: expected a map'],
    ['frame: ipx\nserver: 3', "f.yaml:1:8: frame: expected one of psp, psp-mb, ix, udp, found 'ipx'"],
    ['{}', 'expected a server or a client (or both), found neither'],
    [
      'client:\n  device: { pci: "18:00" }\n  address: { ip: 1.2.3.4 }\n  server: { ip: 1.2.3.4 }',
      "f.yaml:2:18: pci: expected a PCI address such as 0000:18:00.1, found '18:00'",
    ],
    [
      'client:\n  device: { memif: /s }\n  address: { ip: 1.2.3.400 }\n  server: { ip: 1.2.3.4 }',
      "f.yaml:3:18: ip: expected an IPv4 address such as 192.168.10.10, found '1.2.3.400'",
    ],
    [
      'client:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4, mac: "1:2" }\n  server: { ip: 1.2.3.4 }',
      "mac: expected a MAC address such as 42:42:42:42:42:01, found '1:2'",
    ],
    [
      'client:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  server: { ip: 1.2.3.4 }\n  drain: 5',
      'f.yaml:5:10: drain: expected a duration with its unit',
    ],
    [
      'server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 2\n  cores: { workers: [1] }',
      'f.yaml:5:21: workers: expected 2 cores, one per worker, found 1',
    ],
    [
      'server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 1\n  cores: { net: 1, workers: [1] }',
      'f.yaml:5:10: cores: expected a core for each of net, dispatcher and workers, found core 1 given twice',
    ],
    [
      'server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 1\n  pol: spin',
      "(did you mean 'poll'?)",
    ],
    [
      'server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 1\n  poll: inlin',
      'f.yaml:5:9: poll: expected one of spin, yield, sleep, or one of inline, thread, ' +
        "or a list with one of both kinds, found 'inlin'",
    ],
    [
      'server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 1\n  poll: [inline, thread]',
      'f.yaml:5:9: poll: expected one of',
    ],
    [
      'server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 1\n  poll: inline\n  cores: { net: 1 }',
      'f.yaml:6:17: net: expected no core for net',
    ],
    [
      'server:\n  device: { memif: /s, pci: "0000:18:00.1" }\n  address: { ip: 1.2.3.4 }\n  workers: 1',
      'f.yaml:2:11: device: expected one of pci, memif, af_packet, found 2 of them',
    ],
    ['frame: udp\nserver: 3', 'f.yaml:1:1: classifier: expected a classifier with match or codes'],
    ['frame: udp\nclassifier: {}\nserver: 3', 'f.yaml:2:13: classifier: expected match or codes'],
    ['frame: udp\nclassifier: { codes: { A: 1 } }\nserver: 3', 'expected offset and width beside codes'],
    ['frame: udp\nclient: 3', 'f.yaml:1:8: frame: expected psp, psp-mb or ix with a client, found udp'],
    ['classifier: { match: [] }\nserver: 3', 'f.yaml:1:22: match: expected a map from type names to patterns'],
    [
      'classifier: { match: { A: { offset: 8, text: a, bytes: "61" } } }\nserver: 3',
      'f.yaml:1:27: A: expected bytes or text, found both',
    ],
    ['classifier: { match: { A: { offset: 8 } } }\nserver: 3', 'A: expected bytes or text, found neither'],
    ['classifier: { match: { A: [] } }\nserver: 3', 'A: expected a pattern or more, found an empty list'],
    [
      'classifier: { match: { A: { offset: 1401, text: a } } }\nserver: 3',
      'offset: expected an offset in the payload, bytes from 0 to 1400, found 1401',
    ],
    [
      'classifier: { match: { A: { bytes: "6" } } }\nserver: 3',
      "bytes: expected bytes as pairs of hexadecimal digits, such as '67 65 74 20', found '6'",
    ],
    ['classifier: { match: { A: { bytes: 67 } } }\nserver: 3', "found the bare number 67: write '67' in quotes"],
    [`classifier: { match: { A: { text: ${'a'.repeat(65)} } } }\nserver: 3`, 'expected 1 to 64 bytes, found 65'],
  ])('refuses %j with the place and what was expected', (yaml, message) => {
    expect(() => parseHardwareConfig(yaml, 'f.yaml')).toThrow(message);
  });

  it.each([
    ['sleep', { poll: 'sleep' }],
    ['inline', { poll: 'spin', net: 'inline' }],
    ['thread', { poll: 'spin', net: 'thread' }],
    ['[inline, sleep]', { poll: 'sleep', net: 'inline' }],
    ['[yield, thread]', { poll: 'yield', net: 'thread' }],
  ])('reads poll: %s', (poll, expected) => {
    const yaml = `server:\n  device: { memif: /s }\n  address: { ip: 1.2.3.4 }\n  workers: 1\n  poll: ${poll}`;
    const { server } = parseHardwareConfig(yaml, 'f.yaml');
    expect({ poll: server!.poll, ...(server!.net && { net: server!.net }) }).toEqual(expected);
  });
});

describe('applications and matches', () => {
  const server = (application: string) =>
    `server: { device: { memif: /s }, address: { ip: 1.2.3.4 }, workers: 1, application: ${application} }`;
  const read = (application: string, known?: readonly string[]) =>
    parseHardwareConfig(server(application), '/etc/psp/f.yaml', known ?? ['spin', 'rocksdb']).server!.application;

  it('a plug-in has a path beside the configuration, and any parameters', () => {
    expect(read('{ plugin: ./libhash.so, bytes: 4096, list: [1] }')).toEqual({
      name: 'libhash.so',
      plugin: '/etc/psp/libhash.so',
      parameters: { bytes: 4096, list: [1] },
    });
    expect(read('{ plugin: /lib/x.so }')).toEqual({ name: 'x.so', plugin: '/lib/x.so', parameters: {} });
  });

  it('a built-in application is known by the addon alone', () => {
    expect(read('spin')).toEqual({ name: 'spin' });
    expect(read('{ rocksdb: { path: /db } }')).toEqual({ name: 'rocksdb', parameters: { path: '/db', scan: 'SCAN' } });
    expect(read('{ fresh: { us: 3 } }', ['fresh'])).toEqual({ name: 'fresh', parameters: { us: 3 } });
  });

  it.each([
    ['spinn', "application: expected one of spin, rocksdb, found 'spinn' (did you mean 'spin'?)"],
    ['{ plugni: ./x.so }', "expected one of spin, rocksdb, plugin, found 'plugni' (did you mean 'plugin'?)"],
    ['{ plugin: 3 }', 'plugin: expected a text'],
    ['rocksdb', 'expected a map with its parameters: { rocksdb: { … } }'],
    ['{ rocksdb: { scan: SCAN } }', 'path: expected a text, found nothing'],
    ['{ rocksdb: { path: /a }, spin: {} }', 'expected one application, found 2'],
    ['{}', 'expected one application, found none'],
    ['3', 'expected the name of an application, or a map with plugin, found 3'],
  ])('refuses %s', (application, message) => expect(() => read(application)).toThrow(message));

  it('patterns keep the order of the file, and every type needs one or a code', () => {
    const head = 'classifier: { match: { GET: [{ text: "get " }, { offset: 2, bytes: "00 fF" }], X: { text: é } } ';
    const { classifier } = parseHardwareConfig(`frame: udp\n${head}}\n${server('spin')}`, 'f.yaml', ['spin']);
    expect(wireClassifier(['X', 'GET'], classifier)).toEqual({
      ...{ offset: 4, width: 4, endian: 'little', codes: [] },
      patterns: [
        { offset: 0, bytes: Uint8Array.from([103, 101, 116, 32]), type: 1 },
        { offset: 2, bytes: Uint8Array.from([0, 255]), type: 1 },
        { offset: 0, bytes: Uint8Array.from([0xc3, 0xa9]), type: 0 },
      ],
    });
    expect(() => wireClassifier(['X', 'SET'], classifier)).toThrow(
      "neither a match nor a code for the workload's type SET",
    );
    const both = parseHardwareConfig(`${head}, codes: { SET: 7 } }\n${server('spin')}`, 'f.yaml', ['spin']).classifier;
    expect(wireClassifier(['GET', 'SET'], both).codes).toEqual([{ code: 7, type: 1 }]);
    // A load generator sends codes.
    expect(() => wireCodes(['GET', 'SET'], both)).toThrow("classifier.codes has no code for the workload's type GET");
  });
});

it('refuses codes that do not fit their field', () => {
  const codes = (head: string) => () =>
    parseHardwareConfig(`${head}\nserver: { device: { memif: /s }, address: { ip: 1.2.3.4 }, workers: 1 }`, 'f.yaml');
  expect(codes('frame: ix\nclassifier: { codes: { A: 65536 } }')).toThrow(
    'f.yaml:2:27: A: expected a code from 0 to 65535, found 65536',
  );
  expect(codes('classifier: { width: 1, codes: { A: 256 } }')).toThrow('expected a code from 0 to 255');
  expect(codes('frame: ix\nclassifier: { codes: { A: 65535 } }')).not.toThrow();
});

it('takes isolated cores for threads that are pinned, and none of them for those that only wait', () => {
  const root = mkdtempSync(join(tmpdir(), 'psp-cores-'));
  mkdirSync(join(root, 'proc/self'), { recursive: true });
  mkdirSync(join(root, 'sys/devices/system/cpu'), { recursive: true });
  writeFileSync(join(root, 'proc/self/status'), 'Cpus_allowed_list:\t0,3\n');
  writeFileSync(join(root, 'sys/devices/system/cpu/isolated'), '1-2,4\n');
  expect(allowedCores(`${root}/`)).toEqual([0, 1, 2, 3, 4]);
  expect(firstAllowedCore(`${root}/`)).toBe(0);
  expect(() => refuseMissingCores([2, 4, -1, undefined], `${root}/`)).not.toThrow();
  expect(() => refuseMissingCores([5], `${root}/`)).toThrow(
    'wants core 5, this process may use 5 cores: 0, 1, 2, 3, 4',
  );
  rmSync(join(root, 'sys'), { recursive: true });
  expect(allowedCores(`${root}/`)).toEqual([0, 3]);
  rmSync(root, { recursive: true });
});

it('gives each thread of a loopback a core of its own, where there are enough', () => {
  expect(loopbackCores(2, 'thread', [0, 1, 2, 3, 4, 5])).toEqual({ client: 1, net: 2, dispatcher: 3, workers: [4, 5] });
  expect(loopbackCores(2, 'thread', [0, 1, 2, 3])).toBeUndefined();
  expect(loopbackCores(2, 'inline', [0, 1, 2, 3])).toEqual({ client: 0, dispatcher: 1, workers: [2, 3] });
  expect(loopbackCores(2, 'inline', [0, 1, 2])).toBeUndefined();
});

it('lets a net thread poll the device where cores are left for it, or where the configuration says so', () => {
  const nic = { device: { kind: 'pci', address: '' }, workers: 4, cores: {} } as const;
  expect([6, 5].map((cores) => chooseNet(nic, cores))).toEqual(['thread', 'inline']);
  // The client of a memif is on the same machine.
  const memif = { ...nic, device: { kind: 'memif', socket: '', listens: true } } as const;
  expect([7, 6].map((cores) => chooseNet(memif, cores))).toEqual(['thread', 'inline']);
  expect(chooseNet({ ...nic, net: 'inline' }, 64)).toBe('inline');
  expect(chooseNet({ ...nic, net: 'thread' }, 2)).toBe('thread');
  expect(chooseNet({ ...nic, cores: { net: 1 } }, 2)).toBe('thread');
});

it('stretches no request beyond what a frame carries', () => {
  const asked = givenDilation(1000, 14, 2);
  expect(fitDemands(asked, 4e6, false)).toBe(asked);
  expect(() => fitDemands(asked, 5e6, false)).toThrow(
    '--dilate: the longest request of 5ms becomes 5s, beyond the 4.29 s a frame can carry: expected at most ' +
      '858, found 1000',
  );
  expect(fitDemands(asked, 5e6, true)).toMatchObject({ factor: 500, shared: true });
  expect(() => fitDemands(asked, 5e9, true)).toThrow(
    'the longest request of 5s is beyond the 4.29 s a frame can carry',
  );
});

it('gives a NIC to DPDK, and runs without huge pages where there is none', () => {
  const memif = deviceArguments({ kind: 'memif', socket: '/s', listens: true }, 1);
  expect(ealArguments(memif, [], 3)).toEqual(
    expect.arrayContaining(['--no-pci', '--no-huge', '--no-shconf', '--lcores=0@3']),
  );
  const nic = deviceArguments({ kind: 'pci', address: '0000:18:00.1' }, 1);
  const args = ealArguments(nic, ['--in-memory'], 0);
  expect(args.slice(0, 3)).toEqual(['-a', '0000:18:00.1', '--in-memory']);
  expect(args).not.toContain('--no-huge');
  // However the process ends, its huge pages are free again.
  expect(ealArguments(nic, [], 0)).toContain('--in-memory');
  expect(ealArguments(nic, ['--socket-mem=64'], 0)).toContain('--huge-unlink');
  expect(ealArguments(nic, ['--huge-unlink=never'], 0)).not.toContain('--huge-unlink');
});

it('chooses a dilation from the cores, and stretches every time of a policy', () => {
  const bimodal = workloadNamed('bimodal');
  expect(chooseDilation(bimodal, 166_000, 14, 2)).toMatchObject({ factor: 1000, shared: true });
  expect(chooseDilation(bimodal, 166_000, 14, 17)).toMatchObject({ factor: 1, shared: false });
  // A loopback spins exactly when each of its threads can have a core; with one core less there is no net thread.
  expect(chooseDilation(bimodal, 166_000, 14, 17)).toMatchObject({ shared: false, net: 'thread' });
  expect(chooseDilation(bimodal, 166_000, 14, 16)).toMatchObject({ factor: 1, shared: false, net: 'inline' });
  expect(chooseDilation(bimodal, 166_000, 14, 16, 'thread')).toMatchObject({ shared: true, net: 'thread' });
  expect(chooseDilation(bimodal, 166_000, 14, 15)).toMatchObject({ shared: true, net: 'inline' });
  expect(loopbackCores(14, 'thread', [...Array(16).keys()])).toBeUndefined();
  expect(loopbackCores(14, 'thread', [...Array(17).keys()])?.workers).toHaveLength(14);
  // A server alone needs one less: the load generator is elsewhere.
  const spins = { poll: 'spin', workers: 14 } as const;
  expect(() => refuseCrowdedCores({ ...spins, net: 'thread' }, 16)).not.toThrow();
  expect(() => refuseCrowdedCores({ ...spins, net: 'thread' }, 15)).toThrow('14 workers that spin want 16 cores');
  expect(() => refuseCrowdedCores({ ...spins, net: 'inline' }, 15)).not.toThrow();
  expect(() => refuseCrowdedCores({ ...spins, net: 'inline' }, 14)).toThrow('14 workers that spin want 15 cores');
  expect(givenDilation(200, 14, 2)).toMatchObject({ factor: 200, shared: true });
  expect(hardwarePolicy(parsePolicy('ts:quantum=5us'), 100).parameters).toMatchObject({ quantumNs: 500_000 });
  expect(() => hardwarePolicy(parsePolicy('darc:oracle'))).toThrow(
    'no real machine does; run it with psp sim, or begin with what the workload states: darc:declared',
  );
  expect(declaredProfile(parsePolicy('darc'), bimodal)).toEqual({});
  for (const declared of ['darc:declared', 'sept:declared', 'sept-np:declared']) {
    expect(declaredProfile(hardwarePolicy(parsePolicy(declared)), bimodal, 100)).toEqual({
      trueProfile: { meanNs: [100_000, 10_000_000], ratio: [0.5, 0.5] },
    });
  }
});

it('gives types the codes of the original, and refuses tables that lack one', () => {
  const names = ['constructor', 'toString', '__proto__', 'a, b #c'];
  expect(wireCodes(names, defaultClassifier('psp'))).toEqual([64, 65, 66, 67]);
  const many = Array.from({ length: 200 }, (_, i) => `T${i}`);
  expect(() => wireCodes(many, { ...defaultClassifier('psp'), width: 1 })).toThrow(
    'the type T192 has the code 256, beyond the 255 that classifier.width allows: give it another in classifier.codes',
  );
  const classifier = defaultClassifier('psp');
  expect(wireCodes(['SHORT', 'LONG', 'MINE'], classifier)).toEqual([1, 2, 66]);
  expect(wireCodes(['A', 'B'], { ...classifier, codes: { A: 7, B: 9 } })).toEqual([7, 9]);
  expect(() => wireCodes(['A', 'B'], { ...classifier, codes: { A: 7 } })).toThrow("no code for the workload's type B");
  expect(() => wireCodes(['A', 'B'], { ...classifier, codes: { A: 7, B: 7 } })).toThrow('A and B have the same code 7');
});
