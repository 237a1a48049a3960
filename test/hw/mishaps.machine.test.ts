import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HardwareResult } from '../../src/experiment/hardware/run-hardware.js';
import type { ServerCounts } from '../../src/results/server-schema.js';
import { MAIN, psp, ROOT, scratchFolder, UNBUNDLED_MAIN } from '../cli/psp.js';
import { loopbackConfig, startPsp, WIDE } from './loopback-commands.js';
import { childrenOf, FORMS, isRoot, missingNative, onceIn } from './support.js';

const folder = scratchFolder();
const LOAD = ['--workload', 'bimodal', '--dilate', '100', '--workers', '2', '--load', '0.4', '--warmup', '0'];

const start = (args: readonly string[], env?: Record<string, string>) => startPsp(args, folder, env);
const only = (out: string): HardwareResult => (JSON.parse(out) as HardwareResult[])[0]!;

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'mishaps of a hardware run, poll: %s',
  { timeout: 60_000 },
  (net) => {
    const LIGHT = [
      'run',
      '--hw',
      '--workload',
      'bimodal',
      '--dilate',
      '100',
      '--workers',
      '2',
      '--poll',
      net,
      '--load',
    ];
    const RUN = [...LIGHT, '0.4'];
    const config = (name: string, frame?: string) => loopbackConfig(folder, `${name}-${net}`, net, frame);
    const name = (word: string) => join(folder, `${word}-${net}`);

    onceIn(net)('a factor that stretches demands beyond a frame is a wrong input in one line', async () => {
      const refused = await psp(['run', '--hw', '--workload', 'bimodal', '--dilate', '100000', '--requests', '100']);
      expect(refused).toEqual({
        code: 2,
        out: '',
        err:
          'psp: --dilate: the longest request of 100us becomes 10s, beyond the 4.29 s a frame can carry: expected ' +
          'at most 42949, found 100000',
      });
    });

    it('a policy that throws is named, with what it said, and the result so far is kept', async () => {
      // Loaded into every process and thread before psp: makes c-fcfs fail at its 50th completion after the warm-up.
      const registry = pathToFileURL(join(ROOT, 'dist/scheduler/policy-registry.js')).href;
      const patch = join(folder, `${net}-patch.mjs`);
      writeFileSync(
        patch,
        `import { policyNamed } from ${JSON.stringify(registry)};
const policy = policyNamed('c-fcfs');
const create = policy.create;
let made = 0;
policy.create = (setup, parameters) => {
  const scheduler = create(setup, parameters);
  // The warm-up resets before each round; the one that serves real requests comes last.
  const mine = ++made, complete = scheduler.complete;
  let left = 50;
  scheduler.complete = function (worker) {
    if (mine === made && setup.now[0] < 1e12 && --left === 0 && made >= 4) throw new Error('lost count');
    return complete.call(this, worker);
  };
  return scheduler;
};
`,
      );
      const args = [...RUN, '--requests', '2000', '--policy', 'c-fcfs', '--json', '-'];
      const env = { NODE_OPTIONS: `--import ${pathToFileURL(patch).href}` };
      const { code, out, err } = await startPsp(args, folder, env, UNBUNDLED_MAIN).outcome();
      expect(err).toContain(
        'psp: c-fcfs: the server went away during the run (the policy c-fcfs failed: lost count); the figures ' +
          'cover what it had answered by then',
      );
      expect(err).not.toContain('mistake in psp');
      expect(err).not.toContain('do not add up');
      expect(code).toBe(3);
      expect(only(out)).toMatchObject({ end: 'serverGone', failure: 'the policy c-fcfs failed: lost count' });
      expect(only(out).completed).toBeGreaterThan(10);
    });

    it('a killed server is said, with exit code 3 and the result so far', async () => {
      const run = start([...RUN, '--policy', 'c-fcfs', '--requests', '20k', '--json', '-']);
      await sending(run.pid);
      process.kill(childWith(run.pid, 'psp-worker')!, 'SIGKILL');
      const { code, out, err } = await run.outcome();
      expect(err).toContain('the server went away during the run (the server ended unexpectedly (SIGKILL))');
      expect(code).toBe(3);
      expect(only(out)).toMatchObject({ end: 'serverGone', interrupted: true, serverCounted: false });
      expect(only(out).completed).toBeGreaterThan(10);
    });

    onceIn(net)(
      'a run that was killed leaves a folder that the next removes; a run that ends leaves none',
      {
        timeout: 180_000,
      },
      async () => {
        // A comma ends an argument of DPDK, so psp does not use a folder with one in its name.
        const places = ['plain', 'odd,place'].map(name);
        for (const place of places) mkdirSync(place);
        const killed = start([...RUN, '--requests', '20k'], { TMPDIR: places[0]! });
        await sending(killed.pid);
        const children = childrenOf(killed.pid);
        await killed.end('SIGKILL');
        for (let i = 0; i < 1000 && children.some((pid) => existsSync(`/proc/${pid}`)); i++) await sleep(50);
        expect(readdirSync(places[0]!)).toHaveLength(1);
        for (const TMPDIR of [...places, join(folder, 'missing')]) {
          const { code, err } = await start([...RUN, '--policy', 'c-fcfs', '--requests', '50'], { TMPDIR }).outcome();
          expect(code, err).toBe(0);
        }
        expect(places.map((place) => readdirSync(place))).toEqual([[], []]);
      },
    );

    const canBeOthers = isRoot && spawnSync('setpriv', ['--version']).status === 0;
    if (!canBeOthers) console.warn('SKIPPED: hardware runs of two users: not root, or no setpriv(1)');
    onceIn(net).skipIf(!canBeOthers)(
      'two users who are not root can run after each other',
      { timeout: 180_000 },
      async () => {
        const users = [65533, 65534];
        for (const user of users) {
          const as = ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', process.execPath, MAIN];
          const run = spawnSync('setpriv', [...as, ...RUN, '--policy', 'c-fcfs', '--requests', '50'], {
            cwd: '/',
            encoding: 'utf8',
          });
          expect(run.status, run.stderr).toBe(0);
        }
        // DPDK's default folders for ordinary users, and those of runs.
        const left = ['/tmp', '/tmp/dpdk'].flatMap((path) =>
          existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [],
        );
        expect(left.filter((path) => users.includes(lstatSync(path, { throwIfNoEntry: false })?.uid ?? 0))).toEqual([]);
      },
    );

    onceIn(net)(
      'a load generator that was stopped for a while does not take that for silence of its server',
      async () => {
        const light = [...LIGHT, '0.1'];
        const run = start([...light, '--policy', 'c-fcfs', '--requests', '600', '--json', '-']);
        await sending(run.pid);
        const client = childWith(run.pid, 'psp-load')!;
        // Three times, because a reply that arrives during the pause hides the fault.
        for (let i = 0; i < 3; i++) {
          process.kill(client, 'SIGSTOP');
          // Longer than a silent server is waited for.
          await sleep(2500);
          process.kill(client, 'SIGCONT');
          await sleep(500);
        }
        const { code, out, err } = await run.outcome();
        expect(code, err).toBe(0);
        expect(only(out)).toMatchObject({ end: 'complete', requests: 600, completed: 600 });
      },
    );

    it('SIGTERM ends psp run in order, and nothing that was under way is lost', async () => {
      const run = start([...RUN, '--requests', '20k', '--json', '-']);
      await sending(run.pid);
      const { code, out, err } = await run.end('SIGTERM');
      expect(err).not.toContain('do not add up');
      expect(code).toBe(130);
      expect(only(out)).toMatchObject({ end: 'stopped', interrupted: true, lost: 0, unreconciled: [] });
      expect(only(out).completed).toBe(only(out).requests);
    });

    // Each signal and each form once: they have nothing to do with each other.
    it.each([net === FORMS[0] ? 'SIGINT' : 'SIGTERM'] as const)(
      '%s ends psp load and psp serve in order, whose counts agree; IX frames',
      async (signal) => {
        const path = config(signal, 'psp-mb');
        const ix = ['--frame', 'ix'];
        writeFileSync(name(`${signal}-server.yaml`), readFileSync(path, 'utf8').replace('psp-mb', 'ix'));
        const counted = name(`${signal}.json`);
        const server = start([
          ...['serve', '--config', name(`${signal}-server.yaml`), '--workload', 'bimodal'],
          ...['--dilate', '100', '--json', counted],
        ]);
        const load = start(['load', '--config', path, ...LOAD, ...ix, '--requests', '20k', '--json', '-']);
        await server.says('serving');
        await until(() => hasThread(load.pid, 'psp-load'));
        await sleep(1000);
        const { code, out } = await load.end(signal);
        expect(code).toBe(130);
        const result = only(out);
        expect(result).toMatchObject({ end: 'stopped', lost: 0 });
        expect(result.completed).toBeGreaterThan(10);
        const ended = await server.end(signal);
        expect(ended.code).toBe(0);
        expect(ended.err).toContain('device: 0 missed, 0 without a buffer, 0 not sent');
        const report = JSON.parse(readFileSync(counted, 'utf8')) as { schema: string; counts: ServerCounts };
        expect(report.schema).toBe('psp.server/1');
        expect(report.counts).toMatchObject({
          requests: result.requests,
          repliesSent: result.completed,
          unknownType: 0,
        });
      },
    );

    const hasScript = spawnSync('script', ['--version']).status === 0;
    if (!hasScript) console.warn('SKIPPED: live figures of psp serve: no script(1)');
    onceIn(net).skipIf(!hasScript)('psp serve shows on a terminal what it does', async () => {
      const path = config('terminal');
      const serve = [
        'serve',
        '--config',
        path,
        '--workload',
        'bimodal',
        '--dilate',
        '100',
        '--policy',
        'darc:window=50',
      ];
      // `exec`: some shells stay beside their command, get the Ctrl-C, too, and return 130 for it.
      const terminal = spawn(
        'script',
        [
          '--quiet',
          '--return',
          '--command',
          `${WIDE} exec ${[process.execPath, MAIN, ...serve].join(' ')}`,
          '/dev/null',
        ],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      );
      let shown = '';
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
      });
      const load = start(['load', '--config', path, ...LOAD, '--requests', '20k']);
      const pattern =
        /darc:window=50 [\d.]+k?\/s, \d+ running, \d+ queued, [1-9]\d* completed, reserved SHORT \d LONG \d/;
      for (let i = 0; i < 400 && !pattern.test(shown); i++) await sleep(50);
      await load.end('SIGINT');
      terminal.stdin.write('\u0003');
      expect(await new Promise((resolve) => terminal.once('exit', resolve))).toBe(0);
      expect(shown).toMatch(pattern);
    });

    onceIn(net)('Ctrl-C while the server is looked for ends at once', async () => {
      const load = start(['load', '--config', config('nobody'), ...LOAD, '--requests', '100', '--json', '-']);
      await sleep(2500);
      const beganMs = Date.now();
      const { code, out } = await load.end('SIGINT');
      expect(code).toBe(130);
      expect(Date.now() - beganMs).toBeLessThan(4000);
      expect(only(out)).toMatchObject({ requests: 0, end: 'stopped' });
    });

    onceIn(net)('psp run --role client plays its share, and says that the server is unknown', async () => {
      const path = config('client');
      const server = start([
        'run',
        '--hw',
        '--config',
        path,
        '--role',
        'server',
        '--workload',
        'bimodal',
        '--dilate',
        '100',
      ]);
      const { code, out, err } = await psp(
        ['run', '--hw', '--config', path, '--role', 'client', ...LOAD, '--requests', '100', '--json', '-'],
        { cwd: folder },
      );
      expect(err).toContain('Only the server knows its policy');
      expect(code).toBe(0);
      expect(only(out)).toMatchObject({ requests: 100, completed: 100, end: 'complete', serverCounted: false });
      expect((await server.end('SIGINT')).code).toBe(0);
    });
  },
);

/** Waits until the load generator of that run has been sending for a second. */
async function sending(run: number): Promise<void> {
  await until(() => childWith(run, 'psp-load') !== undefined);
  await sleep(1000);
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i++) await sleep(50);
}

/** The process of a run that has a thread of that name. */
function childWith(run: number, thread: string): number | undefined {
  return childrenOf(run).find((pid) => hasThread(pid, thread));
}

function hasThread(pid: number, thread: string): boolean {
  return spawnSync('grep', ['-qs', thread, ...threads(pid)]).status === 0;
}

/** The files that hold the names of a process's threads. */
function threads(pid: number): string[] {
  const found = spawnSync('ls', [`/proc/${pid}/task`], { encoding: 'utf8' }).stdout;
  return found
    .trim()
    .split('\n')
    .map((task) => `/proc/${pid}/task/${task}/comm`);
}
