/** psp testbed and experiments on several machines, against sshd's of its own. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHosts } from '../../src/experiment/hosts/hosts-file.js';
import { watchedScript } from '../../src/experiment/hosts/on-host.js';
import { readSweep } from '../../src/experiment/sweep/store.js';
import { codeIdentity } from '../../src/policy-files/policy-hashes.js';
import type { HardwareFields } from '../../src/results/hardware-fields.js';
import type { Result } from '../../src/results/result.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { MAIN, ROOT, scratchFolder } from '../cli/psp.js';
import { blocks } from '../docs/pages.js';
import { type HostName, missingSshd, type SshdHosts, startHosts } from './sshd-hosts.js';
import { childrenOf, missingNative } from './support.js';

const folder = scratchFolder();
const missing = missingSshd() ?? missingNative();
if (missing) console.warn(`SKIPPED: hosts of a testbed: ${missing}`);

let testbed: SshdHosts;
let hosts: string;

beforeAll(async () => {
  if (missing) return;
  testbed = await startHosts(folder);
  hosts = testbed.hostsFile('hosts.yaml');
});

afterAll(() => testbed?.end());

describe.skipIf(missing !== undefined)('psp testbed', { timeout: 120_000 }, () => {
  it('pushes psp with its addon into the folders of hosts, and replaces nothing else', async () => {
    const foreign = join(folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'notes.txt'), '');
    const own = (name: HostName) => ({ folder: join(folder, name, 'psp') });
    // The server had the same psp before, but for the addon: it is really linked there, from the objects of then.
    const addon = 'build/Release/psp_native.node';
    const kept = (path: string) => !path.includes('native-tests') && !path.endsWith('psp_native.node');
    for (const part of ['package.json', 'binding.gyp', 'native', 'build']) {
      const options = { recursive: true, preserveTimestamps: true, filter: kept };
      cpSync(join(ROOT, part), join(folder, 'server/psp', part), options);
    }
    const changes = {
      server: { ...own('server'), env: `{ TMPDIR: ${join(folder, 'server/tmp')} }` },
      client1: own('client1'),
      client2: { folder: foreign },
    };
    const file = testbed.hostsFile('push.yaml', changes);
    const { code, out } = await testbed.psp(['testbed', 'push', '--hosts', file]);
    expect([code, out.split('\n')]).toEqual([
      1,
      [
        expect.stringMatching(/^ok {3}server {2}psp \d+\.\d+\.\d+ in .*server.psp$/),
        expect.stringMatching(/^ok {3}client1 psp \d+\.\d+\.\d+ in .*client1.psp$/),
        `fail client2 ${foreign}: expected psp or nothing, found another folder`,
      ],
    ]);
    expect(readdirSync(foreign)).toEqual(['notes.txt']);
    for (const name of ['server', 'client1']) expect(existsSync(join(folder, name, 'psp', addon))).toBe(true);
    expect(existsSync(join(folder, 'server/psp.new'))).toBe(false);
    // It runs there from its bundle, without packages, and the addon can be loaded.
    const both = `node -p 'require("./${addon}").applications' && node dist/bin/main.js testbed end`;
    const on = ['testbed', 'run', '--hosts', file, '--role', 'server', '--', 'sh', '-c'];
    const there = await testbed.psp([...on, both]);
    expect(there.out).toMatch(/'spin'.*"kind":"hello"/s);
  });

  it('runs a command on all hosts, or on those of a role, and says where it failed', async () => {
    const { code, out } = await testbed.psp(['testbed', 'run', '--hosts', hosts, '--', 'sh', '-c', 'echo "$GREETING"']);
    expect([code, out.split('\n').sort()]).toEqual([0, ["client1 | it's 1", "client2 | it's 2", "server  | it's 0"]]);
    const failed = await testbed.psp([
      'testbed',
      'run',
      '--hosts',
      hosts,
      '--role',
      'server',
      '--',
      'sh',
      '-c',
      'exit 7',
    ]);
    expect([failed.code, failed.err]).toEqual([1, 'psp: server: exit code 7']);
  });

  it('checks every host in one table', async () => {
    const { code, out } = await testbed.psp(['testbed', 'check', '--hosts', hosts]);
    expect(out).toMatch(/^ok {3}server {2}server psp \d+\.\d+\.\d+, clock -?\d+ ms apart$/m);
    expect(out).toMatch(/^ok {3}client2 client psp .* apart, server answered$/m);
    expect(code).toBe(0);
    expect(await testbed.leftovers()).toEqual([]);
  });

  it('ends what runs on a host when its orchestrator is killed', async () => {
    const file = join(folder, 'pid');
    const command = ['testbed', 'run', '--hosts', hosts, '--role', 'server', '--'];
    const run = testbed.start([...command, 'sh', '-c', `echo $$ > ${file}; sleep 60`]);
    while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') await sleep(50);
    run.kill('SIGKILL');
    expect(await testbed.leftovers()).toEqual([]);
  });
});

/** For what takes some seconds on an idle machine. */
const MOST_WAIT_MS = 60_000;

/** Waits until something is so. Returns what. */
async function until<T>(what: string, isSo: () => T): Promise<Exclude<T, false | undefined>> {
  const limit = Date.now() + MOST_WAIT_MS;
  for (;;) {
    const found = isSo();
    if (found) return found as Exclude<T, false | undefined>;
    if (Date.now() > limit) throw new Error(`it did not happen: ${what}`);
    await sleep(10);
  }
}

/** Until the server has got more frames than clients send to find it, or nothing comes any more. */
const traffic = (isDone = () => false) => {
  const before = testbed.received('server');
  return until('requests come', () => isDone() || testbed.received('server') > before + 20);
};

/** Text in the log of a host for a point. */
const said = (out: string, key: string, host: HostName): string => {
  const path = join(folder, out, 'logs', key, `${host}.txt`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

describe.skipIf(missing !== undefined)('psp sweep --hosts', { timeout: 240_000 }, () => {
  // Two points: of a workload, and of a trace under a policy that is only at the orchestrator.
  beforeAll(() => {
    // With names so long that the trace is larger than the tiny disk.
    const types = ['GET', 'PUT'].map((type) => `${type} of an object that has a long name`);
    const rows = Array.from({ length: 400 }, (_, i) => `${i * 5e6},${types[i % 2]},50000`);
    writeFileSync(join(folder, 'trace.csv'), `arrival_ns,type,service_ns\n${rows.join('\n')}\n`);
    writeFileSync(join(folder, 'lcfs.ts'), blocks('ts policy')[0]!.text);
    writeFileSync(
      join(folder, 'experiment.yaml'),
      `workers: 2
series:
  - { workload: bimodal, policy: c-fcfs, load: 0.05, requests: 4k }
  - { workload: trace.csv, policy: ./lcfs.ts }
`,
    );
  });

  const command = (file: string) => ['sweep', 'experiment.yaml', '--hosts', file, '--out', 'out'];
  const logs = join(folder, 'out/logs');
  /** When a host last said something about a point. */
  const lastSaid = (key: string, host: HostName, word: string): number => {
    const line = said('out', key, host)
      .split('\n')
      .findLast((each) => each.endsWith(word));
    return line === undefined ? 0 : Date.parse(line.split(' ')[0]!);
  };
  /** Until a server is ready that was not `before`. Returns when. */
  const ready = (key: string, before = 0) =>
    until('a server is ready', () => lastSaid(key, 'server', '[ready]') > before && lastSaid(key, 'server', '[ready]'));
  /** Until its clients have found it, too. */
  const begins = async (key: string, before = 0): Promise<number> => {
    const at = await ready(key, before);
    for (const client of ['client1', 'client2'] as const) {
      await until('clients find it', () => lastSaid(key, client, '[connected]') > at);
    }
    return at;
  };
  /** The key of the next point that begins. */
  const newKey = (known: readonly string[]) =>
    until('a point begins', () => existsSync(logs) && readdirSync(logs).find((key) => !known.includes(key)));
  const isDone = (key: string) => existsSync(join(folder, 'out/points', `${key}.json`));

  it('goes on after a killed client, a host that vanished, a lost link, a killed orchestrator and Ctrl-C', async () => {
    const run = testbed.start([...command(hosts), '--retries', '4']);
    const first = await newKey([]);
    let began = await begins(first);
    testbed.killEnd('client1');
    began = await begins(first, began);
    testbed.powerOff('server');
    // In each run, if a busy machine needs several.
    while (!isDone(first)) {
      began = await begins(first, began);
      await traffic(() => isDone(first));
      testbed.plug('server', false);
      await sleep(200);
      testbed.plug('server', true);
      await until('a run ends', () => isDone(first) || lastSaid(first, 'server', '[ready]') > began);
    }
    const second = await newKey([first]);
    began = await begins(second);
    run.kill('SIGKILL');
    const told = await run.outcome;
    const [client, server] = told.err.split('\n').filter((line) => line.endsWith('tried again'));
    expect(client).toContain('client1: the load generator ended unexpectedly (SIGKILL)');
    expect(server).toContain('server: its ssh connection ended');

    // At once: it waits until the ends of the killed one have given their devices back.
    const next = testbed.start(command(hosts));
    began = await ready(second, began);
    next.kill('SIGINT');
    expect((await next.outcome).code).toBe(130);
    expect(await testbed.leftovers(0)).toEqual([]);

    const last = testbed.start(command(hosts));
    await begins(second, began);
    await traffic();
    await testbed.freeze('client1', 200);
    const { code, out } = await last.outcome;
    // Of a point whose requests were lost.
    expect([code, out.split('\n')[0]]).toEqual([1, '2 points: 1 run, 1 were there already']);
    const found = readSweep(join(folder, 'out')).points;
    const [dropped, fine] = [first, second].map((key) => found.find((point) => point.key === key)!.result);
    expect(dropped).toMatchObject({ policy: 'c-fcfs', outcome: 'lost', end: 'drained', requests: 4000 });
    const { lost } = dropped as Result & HardwareFields;
    expect(lost).toBeGreaterThan(4);
    expect(dropped!.completed).toBe(4000 - lost);
    expect(fine).toMatchObject({
      policy: 'lcfs',
      outcome: 'ok',
      end: 'complete',
      requests: 400,
      completed: 400,
      lost: 0,
    });
    // The run whose client was stopped was repeated.
    expect((fine as HardwareFields & Result).disturbedRuns!.repeated).toBeGreaterThan(0);
    for (const { key, result } of found) {
      expect(result).toMatchObject({ world: 'hw', serverCounted: true, unreconciled: [] });
      expect(result.manifest.notes).toContain('hosts: server server; clients client1, client2');
      expect(readdirSync(join(logs, key)).sort()).toEqual(['client1.txt', 'client2.txt', 'server.txt']);
    }
    expect(await testbed.leftovers()).toEqual([]);
  });

  it('refuses another version of psp and other code of policies, and names the disk that is full', async () => {
    const others = testbed.hostsFile('others.yaml', {
      client1: {
        folder: copyOfPsp('older', 'package.json', (text) => text.replace(/"version": ".*"/, '"version": "0.0.9"')),
      },
      client2: { folder: copyOfPsp('other', 'dist/policy-hashes.json', (text) => text.replace(/("darc": ")./, '$1x')) },
    });
    const { code, out } = await testbed.psp(['testbed', 'check', '--hosts', others]);
    expect(code).toBe(1);
    expect(out).toMatch(/^fail client1 client *\n +psp 0\.0\.9: expected \d+\.\d+\.\d+, as here/m);
    expect(out).toMatch(/^fail client2 client psp .*\n +another code than here: darc;/m);
    const refused = await testbed.psp([...command(others), '--out', 'refused']);
    expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('client1: psp 0.0.9: expected')]);

    const full = testbed.hostsFile('full.yaml', { client1: { env: `{ TMPDIR: ${testbed.tiny} }` } });
    const trace = ['--workload', 'trace.csv', '--policy', 'c-fcfs', '--workers', '2', '--retries', '0'];
    const failed = await testbed.psp(['sweep', '--hosts', full, ...trace, '--out', 'full']);
    expect([failed.code, failed.out.split('\n')[0]]).toEqual([1, '1 point: 0 run, 1 failed']);
    expect(failed.err).toMatch(/client1: .*trace\.csv: cannot be written: ENOSPC/);
    expect(await testbed.leftovers()).toEqual([]);
  });
});

describe.skipIf(missing !== undefined)('psp figure --hosts', { timeout: 120_000 }, () => {
  it('draws points that hosts have measured over the simulated curves', async () => {
    mkdirSync(join(folder, 'experiments'));
    const figure = 'workload: bimodal\nworkers: 2\npolicy: c-fcfs\nload: 0.05\nrequests: 20k\nreplications: 1\n';
    writeFileSync(join(folder, 'experiments/figure-3.yaml'), figure);
    const where = ['--experiments', 'experiments', '--out', 'figures', '--hosts', hosts];
    const { code, err } = await testbed.psp(['figure', '3', ...where, '--minutes', '0.01']);
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('1 point on the hosts of') });
    const csv = readFileSync(join(folder, 'figures/figure-3-hw.csv'), 'utf8');
    expect(csv).toMatch(/measured.*,hw\n/);
    expect(await testbed.leftovers()).toEqual([]);
  });
});

/** A folder with what a host runs of psp, one file of it changed. */
function copyOfPsp(name: string, file: string, change: (text: string) => string): string {
  const copy = join(folder, name);
  for (const part of ['dist/bin', 'dist/policy-hashes.json', 'package.json', 'workloads']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'build'), join(copy, 'build'));
  writeFileSync(join(copy, file), change(readFileSync(join(copy, file), 'utf8')));
  return copy;
}

describe.skipIf(missingNative() !== undefined)('an end on a host', { timeout: 60_000 }, () => {
  /** A server that is ready. */
  async function readyServer(dilation: number) {
    const socket = join(folder, 'end.sock');
    const device = `device: { memif: ${socket} }, address: { ip: 192.168.77.10 }`;
    const text = `server: { ${device}, workers: 1, application: sleep, poll: sleep }`;
    const end = execa(process.execPath, [MAIN, 'testbed', 'end'], { reject: false, stdin: 'pipe' });
    const tell = (message: object) => end.stdin.write(`${JSON.stringify(message)}\n`);
    const workload = { text: 'name: a\ntypes: [{ name: A, ratio: 1, service: 1us }]', fileName: 'a.yaml', files: {} };
    const order = {
      ...{ role: 'server', config: { text, fileName: 's.yaml' }, workload, policy: 'c-fcfs' },
      ...{ identity: codeIdentity(parsePolicy('c-fcfs')), workers: 1, seed: '1', dilation },
    };
    for (const message of [{ kind: 'order', order }, { kind: 'go' }]) tell(message);
    const alive = setInterval(() => tell({ kind: 'alive' }), 500);
    let heard = '';
    end.stdout.on('data', (text: Buffer) => {
      heard += text;
    });
    const hears = (kind: string) => until(`it says ${kind}`, () => heard.includes(`"${kind}"`));
    await hears('ready');
    const [child] = childrenOf(end.pid!);
    const isGone = () => !existsSync(`/proc/${child}`) && !existsSync(socket);
    return { end, tell, child: child!, hears, heard: () => heard, fallSilent: () => clearInterval(alive), isGone };
  }

  it('ends by itself, with its process and its socket, when its orchestrator falls silent', async () => {
    const { end, fallSilent, isGone } = await readyServer(1);
    expect(isGone()).toBe(false);
    fallSilent();
    const silentMs = Date.now();
    expect((await end).exitCode).toBe(1);
    expect(Date.now() - silentMs).toBeLessThan(5000);
    expect(isGone()).toBe(true);
  });

  it('says when the cores of its server were away', async () => {
    const { end, tell, child, hears, heard, fallSilent, isGone } = await readyServer(2);
    process.kill(child, 'SIGSTOP');
    await sleep(100);
    process.kill(child, 'SIGCONT');
    // The threads that notice it are the last to get a core.
    await sleep(300);
    tell({ kind: 'stop' });
    await hears('serverDone');
    fallSilent();
    end.stdin.end();
    expect((await end).exitCode).toBe(0);
    const { watched } = JSON.parse(
      heard()
        .split('\n')
        .find((line) => line.includes('serverDone'))!,
    );
    const longestNs = Math.max(
      ...watched.gapsNs.map((ns: number, i: number) => (i % 2 ? ns - watched.gapsNs[i - 1] : 0)),
    );
    expect(longestNs).toBeGreaterThan(90e6);
    expect(isGone()).toBe(true);
  });
});

describe('a file of hosts', () => {
  const one = '{ name: a, ssh: node0, role: server, folder: /opt/psp }';

  it('is read with its defaults; the one for CloudLab has seven machines', () => {
    expect(parseHosts(`hosts: [${one}]`, 'h.yaml')).toEqual([
      { name: 'a', ssh: 'node0', role: 'server', folder: '/opt/psp', sshOptions: [], env: {} },
    ]);
    const path = 'configs/cloudlab.yaml';
    expect(parseHosts(readFileSync(join(ROOT, path), 'utf8'), path).map(({ role }) => role)).toHaveLength(7);
  });

  it.each([
    [`hosts: [${one}, ${one}]`, 'expected names that differ, found a twice'],
    ['hosts: [{ name: a, ssh: node0, role: client, folder: / }]', 'expected one server, found 0'],
    ['hosts: [{ name: a, ssh: -oProxyCommand=x, role: server, folder: / }]', 'expected a destination of ssh'],
    ['hosts: [{ name: a, ssh: n, role: server, folder: /, env: { "a b": 1 } }]', 'expected names of variables'],
  ])('%s is refused', (text, said) => {
    expect(() => parseHosts(text, 'h.yaml')).toThrow(said);
  });

  it('quotes words for the shell of the host', () => {
    const script = watchedScript({ ...parseHosts(`hosts: [${one}]`, 'h')[0]!, env: { A: "b'c" } }, ['x y', '$z']);
    expect(script).toContain(`env A='b'\\''c' 'x y' '$z'`);
  });
});
