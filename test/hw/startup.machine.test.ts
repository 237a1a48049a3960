import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { type Outcome, psp, ROOT, scratchFolder } from '../cli/psp.js';
import { missingNative } from './support.js';

const folder = scratchFolder();
let files = 0;

interface Ends {
  readonly device?: string;
  readonly address?: string;
  readonly workers?: number;
  readonly server?: string;
  readonly client?: string;
}

/** A configuration that works except for what is given. */
function config(ends: Ends): string {
  const number = ++files;
  const { device = `{ memif: ${number}.sock }`, address = '{ ip: 192.168.77.10 }', workers = 2 } = ends;
  const { server = 'poll: sleep', client = 'poll: sleep' } = ends;
  const path = join(folder, `${number}.yaml`);
  writeFileSync(
    path,
    `server:
  device: ${device}
  address: ${address}
  workers: ${workers}
  application: sleep
  ${server}
client:
  device: ${device}
  address: { ip: 192.168.77.11 }
  server: ${address}
  ${client}
`,
  );
  return path;
}

const SERVE = (ends: Ends) => ['serve', '--config', config(ends), '--workload', 'bimodal'];
const LOAD = (ends: Ends) => ['load', '--config', config(ends), '--workload', 'bimodal', '--requests', '10'];
const serve = (ends: Ends): Promise<Outcome> => psp(SERVE(ends), { cwd: folder });
const load = (ends: Ends): Promise<Outcome> => psp(LOAD(ends), { cwd: folder });

/** One clear line, and nothing else. */
function expectRefusal({ code, out, err }: Outcome, line: string | RegExp): void {
  expect(err).toMatch(line);
  expect(err.split('\n')).toHaveLength(1);
  expect(err).toMatch(/^psp: /);
  expect([code, out]).toEqual([3, '']);
}

describe.skipIf(missingNative() !== undefined)('a start-up that fails is one line and exit code 3', () => {
  it.concurrent('the NIC is not there', async () => {
    const refused = await serve({ device: '{ pci: "0000:99:00.1" }' });
    expectRefusal(refused, 'device 0000:99:00.1: this machine has no such PCI device');
  });

  it.concurrent('the network interface is not there', async () => {
    const refused = await load({ device: '{ af_packet: nosuch0 }' });
    expectRefusal(refused, 'device nosuch0: this machine has no such network interface; it has ');
  });

  it.concurrent('DPDK refuses its arguments', async () => {
    const refused = await serve({ server: 'poll: sleep\n  eal: [--no-huge, --nonsense]' });
    expectRefusal(refused, "DPDK refused to start: unrecognized option '--nonsense'");
  });

  it.concurrent('DPDK refuses for want of huge pages', async () => {
    // No machine has huge pages in a folder that is no hugetlbfs.
    const refused = await serve({ server: `poll: sleep\n  eal: [--huge-dir, ${folder}, --no-shconf]` });
    expectRefusal(refused, /DPDK refused to start: .*huge ?page.*; psp doctor says how to give it huge pages/i);
  });

  it.concurrent('DPDK has too little memory', async () => {
    const refused = await serve({ server: 'poll: sleep\n  eal: [--no-huge, -m, "16"]' });
    expectRefusal(refused, /no memory for \d+ frames/);
  });

  it.concurrent('a core is not there', async () => {
    const line = 'the configuration wants core 1000, this process may use';
    expectRefusal(await serve({ server: 'poll: sleep\n  cores: { net: 1000 }' }), line);
    expectRefusal(await load({ client: 'poll: sleep\n  cores: [1000]' }), line);
  });

  it.concurrent('there are too few cores for threads that spin', async () => {
    const refused = await serve({ workers: 250, server: 'poll: spin' });
    expectRefusal(
      refused,
      /cores: 250 workers that spin want 251 cores with the dispatcher, this process may use \d+: fewer workers, or/,
    );
  });

  it.concurrent('no device can have that MAC', async () => {
    const group = await serve({ address: '{ ip: 192.168.77.10, mac: "ff:ff:ff:ff:ff:ff" }' });
    expectRefusal(
      group,
      'bad MAC ff:ff:ff:ff:ff:ff of 192.168.77.10: expected that of a device, found that of a group',
    );
    expectRefusal(await load({ address: '{ ip: 192.168.77.10, mac: "00:00:00:00:00:00" }' }), 'found all zeros');
  });

  it.concurrent('but what is no MAC at all is a wrong input, with its place', async () => {
    const { code, err } = await serve({ address: '{ ip: 192.168.77.10, mac: "1:2:3" }' });
    expect(code).toBe(2);
    expect(err).toMatch(/^psp: .*\.yaml:3:\d+: mac: expected a MAC address such as 42:42:42:42:42:01, found '1:2:3'$/m);
  });

  it.concurrent('more workers than a machine can have are a wrong input', async () => {
    const run = await psp(['run', '--hw', '--workload', 'bimodal', '--workers', '2000', '--requests', '10']);
    expect(run).toEqual({ code: 2, out: '', err: 'psp: --workers: expected at most 1024 on a machine, found 2000' });
  });

  it.concurrent('the socket cannot be made', async () => {
    const nowhere = await serve({ device: '{ memif: nowhere/a.sock }' });
    expectRefusal(nowhere, 'memif socket nowhere/a.sock: there is no folder nowhere');
    const long = await serve({ device: `{ memif: ${'a'.repeat(120)} }` });
    expectRefusal(long, /the path has \d+ bytes, the kernel takes 107/);
    const comma = await load({ device: '{ memif: "a,b.sock" }' });
    expectRefusal(comma, 'memif socket a,b.sock: DPDK takes no "," in it');
    writeFileSync(join(folder, 'notes.txt'), '');
    const file = await serve({ device: '{ memif: notes.txt }' });
    expectRefusal(file, 'memif socket notes.txt: a file of that name exists and is not a socket');
  });

  it.concurrent('the addon is missing, or is not an addon', async () => {
    const copy = join(folder, 'copy');
    cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
    for (const name of ['workloads', 'node_modules', 'package.json']) symlinkSync(join(ROOT, name), join(copy, name));
    const main = join(copy, 'dist/bin/main.js');
    const run = async (...args: string[]): Promise<Outcome> => {
      const { exitCode, stdout, stderr } = await execa(process.execPath, [main, ...args], { reject: false });
      return { code: exitCode, out: String(stdout), err: String(stderr) };
    };
    const line =
      /the DPDK addon is not built; on Debian or Ubuntu: apt-get install -y libdpdk-dev .*, then npx psp build-native/;
    expectRefusal(await run(...SERVE({})), line);
    expectRefusal(await run(...LOAD({})), line);
    expectRefusal(await run('run', '--hw', '--workload', 'bimodal', '--requests', '10'), line);
    mkdirSync(join(copy, 'build/Release'), { recursive: true });
    writeFileSync(join(copy, 'build/Release/psp_native.node'), 'no library');
    expectRefusal(await run(...SERVE({})), 'the DPDK addon cannot be loaded: ');
  });
});
